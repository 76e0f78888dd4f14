// How clips that overlap begin and end, as the studio mixes them. Pure.

import { clipEnd } from './clips';
import type { Clip, Fade } from './types';

/**
 * The clips of a track, in their order, with the fades that are heard: where the end of one lies over the
 * start of the next, they cross-fade over the overlap, unless their own fades are longer.
 */
export function withCrossfades(clips: Clip[]): Clip[] {
  const heard = [...clips];
  let open: number[] = [];
  for (const [index, clip] of clips.entries()) {
    if (clip.muted) continue;
    open = open.filter((before) => endOf(clips, before) > clip.start);
    for (const before of open) {
      const [end, start] = [endOf(clips, before), clips[before]?.start ?? 0];
      if (end < clipEnd(clip) && start < clip.start) {
        widen(heard, before, 'fade_out', end - clip.start);
        widen(heard, index, 'fade_in', end - clip.start);
      }
    }
    open.push(index);
  }
  return heard;
}

function endOf(clips: Clip[], index: number): number {
  const clip = clips[index];
  return clip ? clipEnd(clip) : 0;
}

function widen(clips: Clip[], index: number, side: 'fade_in' | 'fade_out', length: number): void {
  const clip = clips[index];
  const fade: Fade = { length, shape: 'equal_power' };
  if (clip && clip[side].length < length) clips[index] = { ...clip, [side]: fade };
}
