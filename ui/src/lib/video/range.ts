// The stretch between in and out point, in frames. Pure.

import { secondsAt } from '../timeline';
import type { Rational } from '../types';

/** From frame `from` until before frame `to`; never empty. */
export interface Range {
  from: number;
  to: number;
}

export function whole(frames: number): Range {
  return { from: 0, to: Math.max(1, frames) };
}

export function isWhole(range: Range, frames: number): boolean {
  return range.from === 0 && range.to >= frames;
}

/** Begins with `frame`. An end that lies before goes back to the film's. */
export function withIn(range: Range, frame: number, frames: number): Range {
  const from = within(frame, 0, frames - 1);
  return { from, to: range.to > from ? range.to : Math.max(1, frames) };
}

/** Ends before frame `to`. A begin that lies behind goes back to the film's. */
export function withOut(range: Range, to: number, frames: number): Range {
  const end = within(to, 1, frames);
  return { from: range.from < end ? range.from : 0, to: end };
}

/** A handle that is dragged stops before the other one. */
export function dragged(range: Range, edge: 'in' | 'out', frame: number, frames: number): Range {
  return edge === 'in'
    ? { ...range, from: within(frame, 0, range.to - 1) }
    : { ...range, to: within(frame, range.from + 1, Math.max(1, frames)) };
}

/** The nearest of `targets` within `reach` frames; else the frame itself. */
export function snapped(frame: number, targets: number[], reach: number): number {
  let best = frame;
  let least = reach;
  for (const target of targets) {
    const far = Math.abs(target - frame);
    if (far <= least) [best, least] = [target, far];
  }
  return best;
}

/** As `video.trim` takes it: an edge of the film itself is not named. */
export function rangeInput(
  range: Range,
  rate: Rational,
  frames: number,
): { from_secs?: number; to_secs?: number } {
  return {
    ...(range.from > 0 && { from_secs: secondsAt(range.from, rate) }),
    ...(range.to < frames && { to_secs: secondsAt(range.to, rate) }),
  };
}

/** The frame of the cut before (`-1`) or after (`1`) `frame`, else the film's edge. */
export function nextCut(cuts: number[], frame: number, step: -1 | 1, frames: number): number {
  return step < 0
    ? (cuts.findLast((cut) => cut < frame) ?? 0)
    : (cuts.find((cut) => cut > frame) ?? Math.max(0, frames - 1));
}

function within(value: number, least: number, most: number): number {
  return Math.round(Math.min(Math.max(value, least), Math.max(least, most)));
}
