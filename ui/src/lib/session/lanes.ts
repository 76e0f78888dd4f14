// A lane's curve on the canvas: where values stand, what lies under the pointer, and drags. Pure.

import { clamped, shareOf, shown, typed, valueAt as ofShare } from '../effects/knob';
import { firstAfter, valueAt, withMoved, type Lane } from './automation';
import type { Box } from './geometry';
import { gainOfShare, shareOfGain } from './shape';
import { snapped } from './snap';
import { gainShown, panShown } from './typed';
import type { Automation } from './types';
import { xOf, type TimeView } from './view';

/** Pixels around a point, and around the line, that belong to them. */
const POINT_PX = 8;
const LINE_PX = 6;
/** Between points that are not joined by a straight line on the screen, one is drawn through so many. */
const STEP_PX = 4;
/** What the pointer counts for with Shift. */
const FINE = 0.1;

export interface Place {
  x: number;
  y: number;
}

export type LaneHit = { on: 'point'; index: number } | { on: 'line' } | null;

function isOwn({ target }: Lane, parameter: string): boolean {
  return target.effect === null && target.parameter === parameter;
}

/** How far up a value stands, 0 to 1: levels as on faders, others as on their knobs. */
export function shareOfValue(lane: Lane, value: number): number {
  return isOwn(lane, 'gain_db') ? shareOfGain(value) : shareOf(lane.knob, value);
}

export function valueOfShare(lane: Lane, share: number): number {
  const within = Math.min(1, Math.max(0, share));
  return isOwn(lane, 'gain_db') ? gainOfShare(within) : ofShare(lane.knob, within);
}

/** With its unit. */
export function valueShown(lane: Lane, value: number): string {
  if (isOwn(lane, 'gain_db')) return gainShown(value);
  return isOwn(lane, 'pan') ? panShown(value) : shown(lane.knob, value);
}

/** What was typed, within the range; `null` if it is no value. */
export function valueTyped(lane: Lane, text: string): number | null {
  const plain = text.trim().toLowerCase();
  if (isOwn(lane, 'gain_db') && /^[-−](∞|inf)/.test(plain)) return lane.knob.min;
  if (!isOwn(lane, 'pan')) return typed(lane.knob, text);
  if (/^cent(re|er)$/.test(plain)) return 0;
  const side = /^(left|right)\s+(\d+(?:\.\d+)?)\s*%?$/.exec(plain);
  const share = Number(side?.[2] ?? 0) / 100;
  return side ? clamped(lane.knob, side[1] === 'left' ? -share : share) : typed(lane.knob, text);
}

/** What an arrow key changes: as far as half a dB on a fader, a fiftieth of the way on a knob. */
export function stepped(lane: Lane, value: number, steps: number): number {
  if (isOwn(lane, 'gain_db')) return clamped(lane.knob, value + steps / 2);
  return valueOfShare(lane, shareOfValue(lane, value) + steps / 50);
}

/** The value of the lane at a moment, with or without a curve. */
export function laneValue(lane: Lane, secs: number): number {
  return lane.automation ? valueAt(lane.automation, secs) : lane.set;
}

export function yOfValue(lane: Lane, box: Box, value: number): number {
  return box.y + box.height * (1 - shareOfValue(lane, value));
}

export function shareAt(box: Box, y: number): number {
  return 1 - (y - box.y) / box.height;
}

export function secsAt(view: TimeView, rate: number, x: number): number {
  return Math.max(0, view.from + x * view.samplesPerPx) / rate;
}

export function pointAt(lane: Lane, view: TimeView, box: Box, rate: number, index: number): Place {
  const point = lane.automation?.points[index];
  const x = xOf(view, (point?.at_secs ?? 0) * rate);
  return { x, y: yOfValue(lane, box, point?.value ?? lane.set) };
}

/** The points on screen: from an index to before another. */
export function seenPoints(lane: Lane, view: TimeView, box: Box, rate: number): [number, number] {
  const points = lane.automation?.points ?? [];
  const earliest = secsAt(view, rate, -POINT_PX) - Number.EPSILON;
  return [
    firstAfter(points, earliest),
    firstAfter(points, secsAt(view, rate, box.width + POINT_PX)),
  ];
}

/** The curve as a line through places, from the left edge to the right. */
export function lanePath(lane: Lane, view: TimeView, box: Box, rate: number): Place[] {
  const y = (x: number) => yOfValue(lane, box, laneValue(lane, secsAt(view, rate, x)));
  const path: Place[] = [{ x: 0, y: y(0) }];
  const isHeld = lane.automation?.curve === 'hold';
  const isBent = !isHeld && (lane.knob.logarithmic || isOwn(lane, 'gain_db'));
  const to = (place: Place) => {
    const last = path.at(-1) ?? place;
    if (isHeld && last.y !== place.y) path.push({ x: place.x, y: last.y });
    const bends = isBent && Math.abs(last.y - place.y) > 1;
    for (let x = last.x + STEP_PX; bends && x < place.x; x += STEP_PX) path.push({ x, y: y(x) });
    path.push(place);
  };
  const [first, last] = seenPoints(lane, view, box, rate);
  for (let index = first; index < last; index += 1) {
    const place = pointAt(lane, view, box, rate, index);
    if (place.x > 0 && place.x < box.width) to(place);
  }
  to({ x: box.width, y: y(box.width) });
  return path;
}

export function laneHit(
  lane: Lane,
  view: TimeView,
  box: Box,
  rate: number,
  { x, y }: Place,
): LaneHit {
  const points = lane.automation?.points ?? [];
  const nearest = { index: -1, distance: POINT_PX };
  const until = firstAfter(points, secsAt(view, rate, x + POINT_PX));
  for (let index = until - 1; index >= 0; index -= 1) {
    const place = pointAt(lane, view, box, rate, index);
    if (place.x < x - POINT_PX) break;
    const distance = Math.hypot(place.x - x, place.y - y);
    if (distance < nearest.distance) Object.assign(nearest, { index, distance });
  }
  if (nearest.index >= 0) return { on: 'point', index: nearest.index };
  // Around steps and steep lines, the pointer is beside a stretch of heights.
  const heights = [x - LINE_PX, x, x + LINE_PX].map((each) =>
    yOfValue(lane, box, laneValue(lane, secsAt(view, rate, each))),
  );
  const isNear = y > Math.min(...heights) - LINE_PX && y < Math.max(...heights) + LINE_PX;
  return isNear ? { on: 'line' } : null;
}

/** The pointer of a drag: with Shift it goes a tenth of the way. */
export function glided(at: Place, from: Place, to: Place, fine: boolean): Place {
  const part = fine ? FINE : 1;
  return { x: at.x + (to.x - from.x) * part, y: at.y + (to.y - from.y) * part };
}

/** The curve when one of its points is dragged to a place; its time snaps to what is near. */
export function dragged(
  lane: Lane & { automation: Automation },
  index: number,
  view: TimeView,
  box: Box,
  rate: number,
  to: Place,
  targets: number[],
  reach: number,
): Automation {
  const at = Math.max(0, Math.round(view.from + to.x * view.samplesPerPx));
  const at_secs = snapped(at, targets, reach) / rate;
  return withMoved(lane.automation, index, {
    at_secs,
    value: valueOfShare(lane, shareAt(box, to.y)),
  });
}
