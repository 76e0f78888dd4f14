// Where tracks and clips lie on the canvas, in CSS pixels. Pure.

import { clipEnd } from './clips';
import { envelopeDb, shareOfGain } from './shape';
import type { Clip, EnvelopePoint } from './types';
import { xOf, type TimeView } from './view';

/** Height of a track, in its head as on the canvas. */
export const TRACK_PX = 96;
/** Height of a lane with a curve below a track's clips, in its head as on the canvas. */
export const AUTOMATION_PX = 72;
/** Ruler with markers and regions above the tracks. */
export const RULER_PX = 44;
/** Space between a clip and its track's edges. */
export const INSET_PX = 3;
/** The clip's name stands here; below it the sound. */
export const TITLE_PX = 18;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Canvas coordinates of what is on screen: time across, tracks down from `top`. */
export interface Stretch extends TimeView {
  top: number;
  /** Upper edges of the tracks, then the lower edge of the last; missing while no lane is open. */
  tops?: readonly number[] | undefined;
}

/** The edges of tracks with the lanes of those that are open between them. */
export function topsOf(
  tracks: readonly { id: number }[],
  open: { has(id: number): boolean },
): number[] | undefined {
  if (!tracks.some(({ id }) => open.has(id))) return undefined;
  const tops = [0];
  for (const { id } of tracks) {
    tops.push((tops.at(-1) ?? 0) + TRACK_PX + (open.has(id) ? AUTOMATION_PX : 0));
  }
  return tops;
}

/** The upper edge of the track at an index, from the top of the first. */
export function topOf({ tops }: Pick<Stretch, 'tops'>, index: number): number {
  return tops?.[index] ?? index * TRACK_PX;
}

/** Whether a height lies on a track's clips, not on the lane below them. */
export function isOnClips(view: Stretch, index: number, y: number): boolean {
  return y + view.top < topOf(view, index) + TRACK_PX;
}

/** The track whose lane lies at a height: `null` is the mix, whose lane is below all tracks. */
export function laneOwnerAt(
  view: Stretch,
  tracks: readonly { id: number }[],
  open: { has(id: number | null): boolean },
  y: number,
): number | null | undefined {
  const index = trackAt(view, y);
  const track = tracks[index];
  if (track) return open.has(track.id) && !isOnClips(view, index, y) ? track.id : undefined;
  const below = y + view.top - topOf(view, tracks.length);
  return open.has(null) && below >= 0 && below < AUTOMATION_PX ? null : undefined;
}

/** Where the curve of a lane is drawn; its upper edge is that of its row. */
export function curveBox(view: Stretch, row: number): Box {
  const inset = 3 * INSET_PX;
  return {
    x: 0,
    y: row - view.top + inset,
    width: view.widthPx,
    height: AUTOMATION_PX - 2 * inset,
  };
}

/** The upper edge of a lane's row: below the clips of its track, or below all tracks. */
export function laneTop(
  view: Pick<Stretch, 'tops'>,
  tracks: readonly { id: number }[],
  owner: number | null,
): number {
  if (owner === null) return topOf(view, tracks.length);
  const index = tracks.findIndex(({ id }) => id === owner);
  return topOf(view, index) + TRACK_PX;
}

export function clipBox(view: Stretch, clip: Clip, index: number): Box {
  const x = xOf(view, clip.start);
  return {
    x,
    y: topOf(view, index) - view.top + INSET_PX,
    width: Math.max(1, xOf(view, clipEnd(clip)) - x),
    height: TRACK_PX - 2 * INSET_PX,
  };
}

/** The part of a clip that shows its sound. */
export function soundBox(box: Box): Box {
  return { ...box, y: box.y + TITLE_PX, height: box.height - TITLE_PX };
}

export function trackAt(view: Stretch, y: number): number {
  const at = y + view.top;
  return view.tops ? view.tops.findLastIndex((top) => top <= at) : Math.floor(at / TRACK_PX);
}

/** Where the handle of a fade stands: at its end, on the top edge of the sound. */
export function fadeHandle(view: Stretch, clip: Clip, box: Box, side: 'in' | 'out') {
  const at =
    side === 'in' ? clip.start + clip.fade_in.length : clipEnd(clip) - clip.fade_out.length;
  return { x: xOf(view, at), y: box.y + TITLE_PX };
}

export function yOfGain(sound: Box, db: number): number {
  return sound.y + sound.height * (1 - shareOfGain(db));
}

export function pointPlace(view: Stretch, clip: Clip, sound: Box, point: EnvelopePoint) {
  return {
    x: xOf(view, clip.start + point.at - clip.from),
    y: yOfGain(sound, point.gain_db),
  };
}

/** Height of the envelope over a place of the clip. */
export function envelopeY(view: Stretch, clip: Clip, sound: Box, x: number): number {
  const at = clip.from + view.from + x * view.samplesPerPx - clip.start;
  return yOfGain(sound, envelopeDb(clip.envelope, at));
}
