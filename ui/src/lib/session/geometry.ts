// Where tracks and clips lie on the canvas, in CSS pixels. Pure.

import { clipEnd } from './clips';
import { envelopeDb, shareOfGain } from './shape';
import type { Clip, EnvelopePoint } from './types';
import { xOf, type TimeView } from './view';

/** Height of a track, in its head as on the canvas. */
export const TRACK_PX = 96;
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
}

export function clipBox(view: Stretch, clip: Clip, index: number): Box {
  const x = xOf(view, clip.start);
  return {
    x,
    y: index * TRACK_PX - view.top + INSET_PX,
    width: Math.max(1, xOf(view, clipEnd(clip)) - x),
    height: TRACK_PX - 2 * INSET_PX,
  };
}

/** The part of a clip that shows its sound. */
export function soundBox(box: Box): Box {
  return { ...box, y: box.y + TITLE_PX, height: box.height - TITLE_PX };
}

export function trackAt(view: Stretch, y: number): number {
  return Math.floor((y + view.top) / TRACK_PX);
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
