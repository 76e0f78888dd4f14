// Short messages in a corner: what failed and what to do, or what was done.

import { toStudioError } from '../error';

export interface Toast {
  id: number;
  tone: 'error' | 'done';
  message: string;
  hint: string | null;
  action: { label: string; run: () => void } | null;
}

/** How long a good message stays; an error stays until it is closed. */
const STAYS_MS = 6000;
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
    const id = this.#add({ tone: 'done', message, hint: null, action });
    setTimeout(() => this.close(id), STAYS_MS);
  }

  close(id: number) {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): number {
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-MOST);
    return id;
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
