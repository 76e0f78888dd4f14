// Which peaks or samples of a sound fit a zoom. Pure.

/** Below so many samples a pixel they are drawn one by one. */
const NEAR = 32;
/** Samples of a stretch that is read; a screen has fewer, also at four times the session's rate. */
export const STRETCH_FRAMES = 1 << 18;
const STRIDE = STRETCH_FRAMES / 2;

/** Where the stretch of samples begins that shows a sound from `from` on; `null` from afar. */
export function stretchAt(from: number, samplesPerPx: number): number | null {
  if (samplesPerPx >= NEAR) return null;
  return Math.max(0, Math.floor(from / STRIDE)) * STRIDE;
}

/** Samples per peak of the finest level, and how much coarser each next one is. */
const FINEST = 256;
const FACTOR = 4;

/** The coarsest level that has at least one peak a pixel. */
export function levelFor(samplesPerPx: number): number {
  const steps = Math.floor(Math.log(Math.max(1, samplesPerPx / FINEST)) / Math.log(FACTOR) + 1e-9);
  return FINEST * FACTOR ** steps;
}

/** Of the levels at hand the one to draw until the wanted one is read: rather coarser than finer. */
export function bestLevel(wanted: number, levels: Iterable<number>): number | null {
  let best: number | null = null;
  for (const level of levels) {
    if (level === wanted) return level;
    if (level < wanted / FACTOR) continue;
    if (best === null || Math.abs(level - wanted) < Math.abs(best - wanted)) best = level;
  }
  return best;
}
