// Drags as values: what was grabbed and where the pointer is now give the edits of the session. Pure.

import { clipEnd } from './clips';
import { snapped, snappedShift } from './snap';
import { withPoint } from './shape';
import type { Clip, Edit, Session } from './types';

/** Where the pointer is: a sample, a track's index, and the gain of that height in the clip. */
export interface Pointer {
  at: number;
  track: number;
  gain_db: number;
}

export interface Modifiers {
  /** Copy instead of move. */
  copy: boolean;
  /** Samples within which places attract; 0 where snapping is off. */
  reach: number;
}

export type Grab =
  | { kind: 'move'; clips: number[]; at: number; track: number }
  | { kind: 'start' | 'end' | 'fade_in' | 'fade_out'; clip: Clip; at: number }
  | { kind: 'point'; clip: Clip; index: number };

/** None while the drag would change nothing. */
export function dragEdits(
  session: Session,
  grab: Grab,
  pointer: Pointer,
  targets: number[],
  modifiers: Modifiers,
): Edit[] {
  switch (grab.kind) {
    case 'move':
      return move(session, grab, pointer, targets, modifiers);
    case 'start':
    case 'end':
      return trim(
        session,
        grab.clip,
        grab.kind,
        edge(grab) + pointer.at - grab.at,
        targets,
        modifiers,
      );
    case 'fade_in':
    case 'fade_out':
      return fade(grab.clip, grab.kind, edge(grab) + pointer.at - grab.at, targets, modifiers);
    case 'point':
      return movePoint(grab.clip, grab.index, pointer);
  }
}

function move(
  session: Session,
  grab: Extract<Grab, { kind: 'move' }>,
  pointer: Pointer,
  targets: number[],
  { copy, reach }: Modifiers,
): Edit[] {
  const ids = new Set(grab.clips);
  const edges: number[] = [];
  let [earliest, top, bottom] = [Infinity, Infinity, -1];
  for (const [index, { clips }] of session.tracks.entries()) {
    for (const clip of clips) {
      if (!ids.has(clip.id)) continue;
      edges.push(clip.start, clipEnd(clip));
      earliest = Math.min(earliest, clip.start);
      [top, bottom] = [Math.min(top, index), Math.max(bottom, index)];
    }
  }
  if (edges.length === 0) return [];
  const wanted = snappedShift(edges, pointer.at - grab.at, targets, reach);
  const by = Math.max(0 - earliest, wanted);
  const last = session.tracks.length - 1;
  const tracks = Math.max(0 - top, Math.min(last - bottom, pointer.track - grab.track));
  if (by === 0 && tracks === 0) return [];
  return [{ edit: 'move_clips', clips: grab.clips, by, tracks, ...(copy && { copy }) }];
}

/** Moves an edge as far as the source reaches. */
export function trim(
  session: Session,
  clip: Clip,
  side: 'start' | 'end',
  place: number,
  targets: number[] = [],
  { reach }: Pick<Modifiers, 'reach'> = { reach: 0 },
): Edit[] {
  const end = clipEnd(clip);
  const facts = session.sources[clip.source];
  const wanted = snapped(place, targets, reach);
  if (side === 'start') {
    const earliest = Math.max(0, clip.start - clip.from);
    const start = Math.min(end - 1, Math.max(earliest, wanted));
    return start === clip.start ? [] : [{ edit: 'trim_clip', clip: clip.id, start, end }];
  }
  const latest = facts ? clip.start - clip.from + facts.frames : end;
  const to = Math.max(clip.start + 1, Math.min(latest, wanted));
  return to === end ? [] : [{ edit: 'trim_clip', clip: clip.id, start: clip.start, end: to }];
}

/** A fade's length follows its handle; the two fades of a clip never overlap. */
function fade(
  clip: Clip,
  side: 'fade_in' | 'fade_out',
  place: number,
  targets: number[],
  { reach }: Modifiers,
): Edit[] {
  const at = snapped(place, targets, reach);
  const other = side === 'fade_in' ? clip.fade_out.length : clip.fade_in.length;
  const wanted = side === 'fade_in' ? at - clip.start : clipEnd(clip) - at;
  const length = Math.max(0, Math.min(clip.length - other, wanted));
  const before = clip[side];
  if (length === before.length) return [];
  return [{ edit: 'set_clip', clip: clip.id, [side]: { ...before, length } }];
}

/** A point moves within its clip. */
function movePoint(clip: Clip, index: number, pointer: Pointer): Edit[] {
  const point = {
    at: sourceSample(clip, pointer.at),
    gain_db: pointer.gain_db,
  };
  return [{ edit: 'set_clip', clip: clip.id, envelope: withPoint(clip.envelope, point, index) }];
}

/** The sample of the source at a place of the track, within the clip. */
export function sourceSample(clip: Clip, at: number): number {
  const inside = Math.max(0, Math.min(clip.length - 1, at - clip.start));
  return clip.from + inside;
}

/** Where the grabbed edge or handle stood. */
function edge(grab: Extract<Grab, { clip: Clip; at: number }>): number {
  const { clip } = grab;
  if (grab.kind === 'start') return clip.start;
  if (grab.kind === 'end') return clipEnd(clip);
  if (grab.kind === 'fade_in') return clip.start + clip.fade_in.length;
  return clipEnd(clip) - clip.fade_out.length;
}
