// Places that edges and the playhead jump to. Pure.

import { clipEnd } from './clips';
import type { Range, Session } from './types';

/** Pixels within which a place attracts. */
export const SNAP_PX = 8;

/** Edges of clips but for those named, markers, the playhead, the range and the start; in order. */
export function snapTargets(
  session: Session,
  without: ReadonlySet<number>,
  playhead: number,
  range: Range | null,
): number[] {
  const places = [0, playhead];
  if (range) places.push(range.from, range.to);
  for (const { at, length } of session.markers) places.push(at, at + length);
  for (const { clips } of session.tracks) {
    for (const clip of clips) {
      if (!without.has(clip.id)) places.push(clip.start, clipEnd(clip));
    }
  }
  return places.sort((a, b) => a - b);
}

/** The target that is within `reach` samples and nearest, else the place itself. */
export function snapped(place: number, targets: number[], reach: number): number {
  const near = nearest(place, targets);
  return near !== null && Math.abs(near - place) <= reach ? near : place;
}

/** A shift after which one of the edges lies on a target, if one is within reach of it. */
export function snappedShift(
  edges: number[],
  by: number,
  targets: number[],
  reach: number,
): number {
  let best = by;
  let distance = reach;
  for (const edge of edges) {
    const near = nearest(edge + by, targets);
    if (near === null || Math.abs(near - edge - by) > distance) continue;
    distance = Math.abs(near - edge - by);
    best = near - edge;
  }
  return best;
}

function nearest(place: number, targets: number[]): number | null {
  let [low, high] = [0, targets.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((targets[middle] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [targets[low - 1], targets[low]];
  if (before === undefined || after === undefined) return before ?? after ?? null;
  return place - before <= after - place ? before : after;
}
