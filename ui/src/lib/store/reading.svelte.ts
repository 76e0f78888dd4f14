// One read of a page that may fail: what was read stays, why the last try failed is told.

import { toStudioError, type StudioError } from '../error';

export class Reading {
  error = $state.raw<StudioError | null>(null);
  /** A try goes on. */
  busy = $state(false);
  #load: () => Promise<unknown>;

  constructor(load: () => Promise<unknown>) {
    this.#load = load;
    void this.again();
  }

  async again(): Promise<void> {
    this.busy = true;
    try {
      await this.#load();
      this.error = null;
    } catch (thrown) {
      this.error = toStudioError(thrown);
    } finally {
      this.busy = false;
    }
  }
}
