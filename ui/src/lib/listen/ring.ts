// Stereo samples that wait to be heard. Runs in the audio thread: nothing is allocated after it is made.

/** One value per channel. */
export type Planes = [left: Float32Array, right: Float32Array];

/** Frames that are needed around a place to read between two frames. */
const REACH = 3;

export class Ring {
  readonly #planes: Planes;
  readonly #capacity: number;
  /** Frames so far; places in the ring are these modulo its capacity. */
  #written = 0;
  #read = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#planes = [new Float32Array(capacity), new Float32Array(capacity)];
  }

  /** Frames that can be read. */
  get depth(): number {
    return Math.max(0, this.#written - this.#read - REACH);
  }

  /** What does not fit pushes the oldest out. */
  push(planes: Planes) {
    const frames = planes[0].length;
    for (let at = 0; at < frames; at += 1) {
      const place = (this.#written + at) % this.#capacity;
      this.#planes[0][place] = planes[0][at] ?? 0;
      this.#planes[1][place] = planes[1][at] ?? 0;
    }
    this.#written += frames;
    this.#read = Math.max(this.#read, this.#written - this.#capacity);
  }

  /** Forgets all but the newest `frames`. */
  skipTo(frames: number) {
    this.#read = Math.max(this.#read, this.#written - REACH - Math.round(frames));
  }

  /**
   * Fills `planes` at `speed` (1: as it was made) and answers how many frames were there. Between
   * two frames it reads along Catmull and Rom's cubic.
   */
  pull(planes: Planes, speed: number): number {
    const frames = Math.min(planes[0].length, Math.floor(this.depth / speed));
    for (const channel of [0, 1] as const) {
      const from = this.#planes[channel];
      const to = planes[channel];
      for (let at = 0; at < frames; at += 1) {
        const place = this.#read + at * speed;
        const whole = Math.floor(place);
        const x = place - whole;
        const before = from[Math.max(0, whole - 1) % this.#capacity] ?? 0;
        const here = from[whole % this.#capacity] ?? 0;
        const next = from[(whole + 1) % this.#capacity] ?? 0;
        const after = from[(whole + 2) % this.#capacity] ?? 0;
        const slope = (next - before) / 2;
        const nextSlope = (after - here) / 2;
        const rise = next - here;
        const cubic = slope + nextSlope - 2 * rise;
        to[at] = here + x * (slope + x * (rise - slope - cubic + x * cubic));
      }
    }
    this.#read += frames * speed;
    return frames;
  }
}
