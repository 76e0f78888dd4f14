// Short messages in a corner: what failed and what to do, or what was done.

import { toStudioError } from '../error';

export interface Toast {
  id: number;
  tone: 'error' | 'done';
  message: string;
  hint: string | null;
  action: { label: string; run: () => void } | null;
}

/** How long messages stay. A job that failed is still told in the jobs tray. */
const DONE_STAYS_MS = 6000;
const ERROR_STAYS_MS = 15_000;
const MOST = 4;

class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;

  error(thrown: unknown) {
    const error = toStudioError(thrown);
    if (error.code === 'cancelled') return;
    if (this.list.some((toast) => toast.message === error.message)) return;
    this.#add({ tone: 'error', message: error.message, hint: error.hint, action: null });
  }

  done(message: string, action: Toast['action'] = null) {
    this.#add({ tone: 'done', message, hint: null, action });
  }

  close(id: number) {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>) {
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-MOST);
    const stays = toast.tone === 'error' ? ERROR_STAYS_MS : DONE_STAYS_MS;
    setTimeout(() => this.close(id), stays);
  }
}

export const toasts = new Toasts();

/** The result, or `null` after the failure has been shown. */
export async function attempt<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    toasts.error(thrown);
    return null;
  }
}

/** For reads that nobody asked for: a failure is shown, nothing is returned. */
export async function quietly(work: Promise<unknown> | undefined): Promise<void> {
  if (work) await attempt(work);
}
