// What a panel shows and changes of the clips that are selected together. Pure.

import { clipEnd } from './clips';
import type { Clip, Edit, Fade, FadeShape } from './types';

export const FADE_SHAPES: { value: FadeShape; label: string }[] = [
  { value: 'equal_power', label: 'Equal power' },
  { value: 'linear', label: 'Linear' },
  { value: 'smooth', label: 'Smooth' },
  { value: 'decibels', label: 'Even in dB' },
];

/** The value that all have; `null` where they differ. */
export function common<T>(clips: readonly Clip[], of: (clip: Clip) => T): T | null {
  const [first, ...others] = clips.map(of);
  return first !== undefined && others.every((each) => each === first) ? first : null;
}

type Change = Omit<Extract<Edit, { edit: 'set_clip' }>, 'edit' | 'clip'>;

export function setAll(clips: readonly Clip[], change: (clip: Clip) => Change): Edit[] {
  return clips.map((clip) => ({ edit: 'set_clip', clip: clip.id, ...change(clip) }));
}

/** All louder or softer, so that they keep their differences. */
export function raised(clips: readonly Clip[], byDb: number): Edit[] {
  return setAll(clips, ({ gain_db }) => ({
    gain_db: Math.min(24, Math.max(-120, Math.round((gain_db + byDb) * 100) / 100)),
  }));
}

/** One side's fade, no longer than the other leaves room for. */
export function withFade(
  clips: readonly Clip[],
  side: 'fade_in' | 'fade_out',
  change: Partial<Fade>,
): Edit[] {
  const other = side === 'fade_in' ? 'fade_out' : 'fade_in';
  return setAll(clips, (clip) => {
    const fade = { ...clip[side], ...change };
    const room = Math.max(0, clip.length - clip[other].length);
    return { [side]: { ...fade, length: Math.min(room, fade.length) } };
  });
}

/** The first clip begins at `start`, the others keep their distance from it. */
export function startingAt(clips: readonly Clip[], start: number): Edit[] {
  const first = Math.min(...clips.map((clip) => clip.start));
  const by = start - first;
  if (clips.length === 0 || by === 0) return [];
  return [{ edit: 'move_clips', clips: clips.map(({ id }) => id), by }];
}

/** The clip's end moves; its source ends it in any case. */
export function lasting(clip: Clip, length: number, sourceFrames: number): Edit[] {
  const wished = Math.max(1, Math.min(length, sourceFrames - clip.from));
  if (wished === clip.length) return [];
  return [{ edit: 'trim_clip', clip: clip.id, start: clip.start, end: clip.start + wished }];
}

/** From the first one's start to the last one's end. */
export function stretchOf(clips: readonly Clip[]): number {
  const start = Math.min(...clips.map((clip) => clip.start));
  return clips.length === 0 ? 0 : Math.max(...clips.map(clipEnd)) - start;
}
