// The maths of a timeline view: seconds, pixels, frames. Pure.

import type { MoviePlan, Rational } from './types';

/** The part of a film that is on screen. */
export interface View {
  /** Seconds at the left edge. */
  start: number;
  pxPerSec: number;
  widthPx: number;
}

/** A closest zoom in pixels per second: a frame at 24 fps is then about 17 px wide. */
const CLOSEST = 400;

export function xFromTime(view: View, seconds: number): number {
  return (seconds - view.start) * view.pxPerSec;
}

export function timeFromX(view: View, x: number): number {
  return view.start + x / view.pxPerSec;
}

/** The whole of `duration` in `widthPx`. */
export function fit(duration: number, widthPx: number): View {
  return { start: 0, pxPerSec: Math.max(1, widthPx) / Math.max(duration, 0.001), widthPx };
}

/** Scales by `factor` and keeps the time under `x` where it is. */
export function zoomAt(view: View, factor: number, x: number, duration: number): View {
  const whole = fit(duration, view.widthPx).pxPerSec;
  const pxPerSec = Math.min(Math.max(CLOSEST, whole), Math.max(whole, view.pxPerSec * factor));
  const start = timeFromX(view, x) - x / pxPerSec;
  return clampView({ ...view, pxPerSec, start }, duration);
}

export function scrollBy(view: View, px: number, duration: number): View {
  return clampView({ ...view, start: view.start + px / view.pxPerSec }, duration);
}

/** Moves the view by whole pages until `seconds` is on screen. */
export function follow(view: View, seconds: number, duration: number): View {
  const shown = view.widthPx / view.pxPerSec;
  if (seconds >= view.start && seconds <= view.start + shown) return view;
  return clampView({ ...view, start: seconds - shown * 0.1 }, duration);
}

export function clampView(view: View, duration: number): View {
  const latest = Math.max(0, duration - view.widthPx / view.pxPerSec);
  return { ...view, start: Math.min(latest, Math.max(0, view.start)) };
}

/** Seconds between labelled ticks, so that labels stand at least `leastPx` apart. */
export function tickStep(pxPerSec: number, leastPx: number): number {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600];
  return steps.find((step) => step * pxPerSec >= leastPx) ?? 7200;
}

/** Times of the ticks on screen. */
export function ticks(view: View, step: number, duration: number): number[] {
  const end = Math.min(duration, timeFromX(view, view.widthPx));
  const first = Math.ceil(view.start / step - 1e-9);
  const last = Math.floor(end / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

export function fps(rate: Rational): number {
  return rate.num / rate.den;
}

/** The frame that is shown at `seconds`; 1 µs of slack keeps a frame's own start in that frame. */
export function frameAt(seconds: number, rate: Rational, frames: number): number {
  const frame = Math.floor(((seconds + 1e-6) * rate.num) / rate.den);
  return Math.min(Math.max(0, frames - 1), Math.max(0, frame));
}

export function secondsAt(frame: number, rate: Rational): number {
  return (frame * rate.den) / rate.num;
}

/** A shot with its place in the film. */
export interface PlacedShot {
  id: string;
  index: number;
  start: number;
  end: number;
}

export function placeShots(plan: MoviePlan): PlacedShot[] {
  let start = 0;
  return plan.shots.map((shot, index) => {
    const placed = { id: shot.id, index, start, end: start + shot.duration_sec };
    start = placed.end;
    return placed;
  });
}

export function planDuration(plan: MoviePlan): number {
  return plan.shots.reduce((sum, shot) => sum + shot.duration_sec, 0);
}

/** The item that began last at `seconds`: also the last one behind its end, none before the first. */
export function at<T extends { start: number }>(items: T[], seconds: number): T | null {
  return items.findLast((item) => item.start <= seconds + 1e-6) ?? null;
}
