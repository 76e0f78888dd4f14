// A sleep timer: how long it plays still, and how loud.

/** The longest fade before the end; at most half of the time. */
const LONGEST_FADE_SECS = 60;

/** The gain when so many seconds are left: a quarter of a cosine is even in loudness to the ear. */
export function fadeGain(left: number, fade: number): number {
  return left >= fade ? 1 : 0.5 - 0.5 * Math.cos((Math.PI * left) / fade);
}

export class SleepTimer {
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `tell` hears each second what is left, and the gain for it; 0 is the end. */
  start(secs: number, tell: (left: number, gain: number) => void) {
    this.stop();
    const end = Date.now() + 1000 * secs;
    const fade = Math.min(LONGEST_FADE_SECS, secs / 2);
    this.#timer = setInterval(() => {
      const left = Math.max(0, (end - Date.now()) / 1000);
      tell(left, fadeGain(left, fade));
    }, 1000);
  }

  stop() {
    clearInterval(this.#timer);
  }
}
