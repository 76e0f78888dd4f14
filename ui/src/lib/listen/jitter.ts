// How much sound must wait so that the latest of late chunks still comes in time.

/** Milliseconds that wait at least and at most before a chunk comes in. */
export const LEAST_MS = 50;
export const MOST_MS = 500;
/** Chunks that are remembered: a minute of 100 ms. */
const WINDOW = 600;
/** What is kept beyond the latest one so far. */
const MARGIN = 1.25;

export class Jitter {
  /** When each chunk came, against when it was made, on two clocks that agree on nothing. */
  #offsets: number[] = [];

  /** A chunk that begins at `made` came at `now`, both in milliseconds. */
  came(made: number, now: number) {
    this.#offsets.push(now - made);
    if (this.#offsets.length > WINDOW) this.#offsets.shift();
  }

  /** Milliseconds that should wait when a chunk comes in. */
  get target(): number {
    const late = Math.max(...this.#offsets) - Math.min(...this.#offsets);
    return Math.min(MOST_MS, Math.max(LEAST_MS, Number.isFinite(late) ? late * MARGIN : LEAST_MS));
  }

  /** Another connection, another delay. */
  reset() {
    this.#offsets = [];
  }
}

/** Fastest and slowest that a clock's drift is made up for: 0.5 % are 9 cents, and nobody hears them. */
const MOST_DRIFT = 0.005;
/** Seconds that a wrong depth is made good in. */
const CORRECTED_IN_MS = 10_000;

/** How fast to play so that `depth` becomes `target`, both in milliseconds. */
export function speedFor(depth: number, target: number): number {
  const drift = (depth - target) / CORRECTED_IN_MS;
  return 1 + Math.min(MOST_DRIFT, Math.max(-MOST_DRIFT, drift));
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/** Milliseconds before try number `tries` (0 first) to connect again; `random` is from 0 to 1. */
export function pause(tries: number, random: number): number {
  const whole = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
  return whole * (0.5 + random / 2);
}
