// Tracks in another order. Pure.

import type { Edit, Track } from './types';

/** The gap nearest to a place, 0 above the first track; `tops` are the edges of all. */
export function gapAt(y: number, tops: readonly number[]): number {
  const distances = tops.map((top) => Math.abs(top - y));
  return distances.indexOf(Math.min(...distances));
}

/** Puts a track into a gap between the tracks as they lie now; nothing where it lies there. */
export function intoGap(tracks: readonly Track[], track: number, gap: number): Edit[] {
  const index = tracks.findIndex(({ id }) => id === track);
  if (index < 0 || gap === index || gap === index + 1) return [];
  return [{ edit: 'move_track', track, index: gap > index ? gap - 1 : gap }];
}

/** Moves a track up (negative) or down, as far as there are tracks. */
export function movedBy(tracks: readonly Track[], track: number, by: number): Edit[] {
  const from = tracks.findIndex(({ id }) => id === track);
  const index = Math.min(tracks.length - 1, Math.max(0, from + by));
  return from < 0 || index === from ? [] : [{ edit: 'move_track', track, index }];
}
