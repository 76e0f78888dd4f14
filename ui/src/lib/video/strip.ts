// The strip of pictures under a film. Pure.

/** More would only be slower to come. */
const MOST = 40;

/** The moments of as many pictures as fill a strip: the middles of equal stretches of the film. */
export function moments(
  widthPx: number,
  heightPx: number,
  aspect: number,
  duration: number,
): number[] {
  if (widthPx <= 0 || heightPx <= 0 || duration <= 0) return [];
  const fit = Math.ceil(widthPx / (heightPx * Math.max(aspect, 0.1)));
  const count = Math.min(MOST, Math.max(1, fit));
  return Array.from({ length: count }, (_, n) => ((n + 0.5) / count) * duration);
}

/** Widths come in steps, so that a window that is resized a little asks for nothing new. */
export function pictureWidth(heightPx: number, aspect: number, scale: number): number {
  const STEP = 32;
  return Math.max(STEP, Math.ceil((heightPx * aspect * scale) / STEP) * STEP);
}

/** Where in percent of the strip a frame begins. */
export function share(frame: number, frames: number): number {
  return (Math.min(Math.max(frame, 0), frames) / Math.max(1, frames)) * 100;
}
