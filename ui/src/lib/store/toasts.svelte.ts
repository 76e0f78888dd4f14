// Short messages in a corner: what failed and what to do, or what was done.

import { toStudioError } from '../error';

export interface Toast {
  id: number;
  tone: 'error' | 'done';
  message: string;
  hint: string | null;
  action: { label: string; run: () => void } | null;
  /** What it is about, such as an open session: it goes when that is closed. */
  about: object | null;
}

/** How long messages stay. A job that failed is still told in the jobs tray. */
const DONE_STAYS_MS = 6000;
const ERROR_STAYS_MS = 15_000;
const MOST = 4;

class Toasts {
  list = $state.raw<Toast[]>([]);
  #next = 1;
  readonly #closed = new WeakSet<object>();

  error(thrown: unknown, about: object | null = null) {
    const error = toStudioError(thrown);
    if (error.code === 'cancelled' || (about && this.#closed.has(about))) return;
    if (this.list.some((toast) => toast.message === error.message)) return;
    this.#add({ tone: 'error', message: error.message, hint: error.hint, action: null, about });
  }

  done(message: string, action: Toast['action'] = null) {
    this.#add({ tone: 'done', message, hint: null, action, about: null });
  }

  close(id: number) {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  /** What fails after it was left is not told either. */
  closeAbout(about: object) {
    this.#closed.add(about);
    this.list = this.list.filter((toast) => toast.about !== about);
  }

  #add(toast: Omit<Toast, 'id'>) {
    const id = this.#next++;
    this.list = [...this.list, { ...toast, id }].slice(-MOST);
    const stays = toast.tone === 'error' ? ERROR_STAYS_MS : DONE_STAYS_MS;
    setTimeout(() => this.close(id), stays);
  }
}

export const toasts = new Toasts();

/** The result, or `null` after the failure has been shown; see `Toast` for `about`. */
export async function attempt<T>(work: Promise<T>, about?: object): Promise<T | null> {
  try {
    return await work;
  } catch (thrown) {
    toasts.error(thrown, about);
    return null;
  }
}

/** For reads that nobody asked for: a failure is shown, nothing is returned. */
export async function quietly(work: Promise<unknown> | undefined, about?: object): Promise<void> {
  if (work) await attempt(work, about);
}
