// What lies under the pointer. Pure.

import { clipEnd } from './clips';
import {
  clipBox,
  fadeHandle,
  isOnClips,
  pointPlace,
  soundBox,
  trackAt,
  TITLE_PX,
  type Stretch,
} from './geometry';
import type { Clip, Session, Track } from './types';

export type Hit =
  | { on: 'lane'; track: Track | null }
  | { on: 'clip'; track: Track; clip: Clip; part: Part }
  | { on: 'point'; track: Track; clip: Clip; index: number };

export type Part = 'body' | 'start' | 'end' | 'fade_in' | 'fade_out';

/** Pixels around an edge or a handle that belong to it. */
const EDGE_PX = 6;
const HANDLE_PX = 8;
/** Narrower clips have only a body, so that they can still be moved. */
const SMALLEST_PX = 24;

export function hitTest(
  session: Session,
  view: Stretch,
  selected: ReadonlySet<number>,
  x: number,
  y: number,
): Hit {
  const index = trackAt(view, y);
  const track = session.tracks[index] ?? null;
  if (!track) return { on: 'lane', track: null };
  if (!isOnClips(view, index, y)) return { on: 'lane', track };
  const at = view.from + x * view.samplesPerPx;
  const slack = EDGE_PX * view.samplesPerPx;
  const under = track.clips.filter(
    ({ start, length }) => start - slack <= at && start + length + slack >= at,
  );
  under.sort((a, b) => rank(a, at, selected) - rank(b, at, selected));
  const clip = under[0];
  if (!clip) return { on: 'lane', track };
  const box = clipBox(view, clip, index);
  const sound = soundBox(box);
  if (selected.has(clip.id)) {
    const point = clip.envelope.findIndex((each) => {
      const place = pointPlace(view, clip, sound, each);
      return Math.hypot(place.x - x, place.y - y) <= HANDLE_PX;
    });
    if (point >= 0) return { on: 'point', track, clip, index: point };
  }
  const part = partAt(view, clip, index, x, y);
  if (!part) return { on: 'lane', track };
  return { on: 'clip', track, clip, part };
}

function partAt(view: Stretch, clip: Clip, index: number, x: number, y: number): Part | null {
  const box = clipBox(view, clip, index);
  const inside = x >= box.x && x <= box.x + box.width;
  if (box.width < SMALLEST_PX) return inside ? 'body' : null;
  for (const side of ['in', 'out'] as const) {
    const handle = fadeHandle(view, clip, box, side);
    const isNear = Math.abs(handle.x - x) <= HANDLE_PX && Math.abs(handle.y - y) <= HANDLE_PX;
    if (inside && isNear) return side === 'in' ? 'fade_in' : 'fade_out';
  }
  if (Math.abs(x - box.x) <= EDGE_PX) return 'start';
  if (Math.abs(x - box.x - box.width) <= EDGE_PX) return 'end';
  return inside ? 'body' : null;
}

/** The title is where a clip is grabbed even when a range is being drawn over sounds. */
export function isOnTitle(view: Stretch, index: number, clip: Clip, y: number): boolean {
  const box = clipBox(view, clip, index);
  return y < box.y + TITLE_PX;
}

/** Clips under the pointer itself first, then those that are selected, then the later ones. */
function rank(clip: Clip, at: number, selected: ReadonlySet<number>): number {
  const isOver = clip.start <= at && clipEnd(clip) >= at;
  return (isOver ? 0 : 4) + (selected.has(clip.id) ? 0 : 2) - clip.start / 2 ** 41;
}
