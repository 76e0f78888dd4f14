// What of a session is on screen: samples, pixels, zoom. Pure.

export interface TimeView {
  /** Sample at the left edge. */
  from: number;
  samplesPerPx: number;
  widthPx: number;
}

/** Nearest zoom: a sample is then eight pixels wide. */
const NEAREST = 1 / 8;
/** Seconds that an empty session shows. */
const EMPTY_SECS = 60;
/** Share of the screen that stays free behind the end. */
const FREE = 0.5;

export function xOf(view: TimeView, sample: number): number {
  return (sample - view.from) / view.samplesPerPx;
}

/** A whole sample, never before the start. */
export function sampleAt(view: TimeView, x: number): number {
  return Math.max(0, Math.round(view.from + x * view.samplesPerPx));
}

/** The whole session with a little room behind it. */
export function fitted(end: number, rate: number, widthPx: number): TimeView {
  const shown = end > 0 ? end * 1.04 : EMPTY_SECS * rate;
  return { from: 0, samplesPerPx: Math.max(NEAREST, shown / Math.max(1, widthPx)), widthPx };
}

/** Scales by `factor` (above 1: nearer) and keeps the sample under `x` where it is. */
export function zoomedAt(
  view: TimeView,
  factor: number,
  x: number,
  end: number,
  rate: number,
): TimeView {
  const farthest = fitted(end, rate, view.widthPx).samplesPerPx * 4;
  const samplesPerPx = Math.min(farthest, Math.max(NEAREST, view.samplesPerPx / factor));
  const from = view.from + x * (view.samplesPerPx - samplesPerPx);
  return clamped({ ...view, from, samplesPerPx }, end);
}

export function scrolledBy(view: TimeView, px: number, end: number): TimeView {
  return clamped({ ...view, from: view.from + px * view.samplesPerPx }, end);
}

/** Turns the page when `sample` has left the screen. */
export function following(view: TimeView, sample: number, end: number): TimeView {
  const x = xOf(view, sample);
  if (x >= 0 && x <= view.widthPx) return view;
  return clamped({ ...view, from: sample - view.widthPx * view.samplesPerPx * 0.05 }, end);
}

/** A range with a little room on both sides. */
export function showing(view: TimeView, from: number, to: number, end: number): TimeView {
  const samplesPerPx = Math.max(NEAREST, ((to - from) * 1.1) / Math.max(1, view.widthPx));
  return clamped({ ...view, samplesPerPx, from: from - (to - from) * 0.05 }, end);
}

export function clamped(view: TimeView, end: number): TimeView {
  const shown = view.widthPx * view.samplesPerPx;
  const latest = Math.max(0, end - shown * FREE);
  return { ...view, from: Math.min(latest, Math.max(0, view.from)) };
}
