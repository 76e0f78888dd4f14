// Edits that are heard before they are made: the latest of them, one call at a time.

import type { Edit } from '../session/types';
import { coalesced } from './coalesce';

export interface Wish {
  edits: Edit[];
  /** The session that they are meant for. */
  revision: number;
}

export class Audition {
  /** `null`: the session as it is. */
  #wish: Wish | null = null;
  #ask: () => Promise<void>;

  constructor(send: (wish: Partial<Wish>) => Promise<unknown>) {
    this.#ask = coalesced(async () => {
      // A refused one came too late, or cannot be done: then it is not heard either.
      await send(this.#wish ?? {}).catch(() => null);
    });
  }

  /** Without edits, what was heard before is taken back. */
  hear(edits: Edit[], revision: number | undefined): void {
    const wish = edits.length > 0 && revision !== undefined ? { edits, revision } : null;
    if (!wish && !this.#wish) return;
    this.#wish = wish;
    void this.#ask();
  }
}
