import { expect, test } from 'vitest';
import { clip, session, track } from './fixture';
import {
  AUTOMATION_PX,
  TITLE_PX,
  TRACK_PX,
  clipBox,
  fadeHandle,
  laneOwnerAt,
  laneTop,
  pointPlace,
  soundBox,
  topsOf,
  trackAt,
} from './geometry';
import { hitTest } from './hit';

/** 10 samples a pixel: the clips are 200 px and 50 px wide. */
const view = { from: 0, samplesPerPx: 10, widthPx: 800, top: 0 };
const long = clip(11, 1000, 2000, {
  fade_in: { length: 400, shape: 'linear' },
  envelope: [{ at: 1000, gain_db: 0 }],
});
const two = session([track(1, long), track(2, clip(21, 0, 500))]);
const none = new Set<number>();
const MIDDLE = TRACK_PX / 2 + 10;

function part(x: number, y: number): string {
  const hit = hitTest(two, view, none, x, y);
  return hit.on === 'clip' ? `${hit.clip.id} ${hit.part}` : hit.on;
}

test('edges are trimmed, the body moves, beside it is the lane', () => {
  expect(part(103, MIDDLE)).toBe('11 start');
  expect(part(298, MIDDLE)).toBe('11 end');
  expect(part(200, MIDDLE)).toBe('11 body');
  expect(part(97, MIDDLE)).toBe('11 start');
  expect(part(60, MIDDLE)).toBe('lane');
});

test('the handle of a fade is at its end', () => {
  const handle = fadeHandle(view, long, clipBox(view, long, 0), 'in');
  expect(handle).toEqual({ x: 140, y: 3 + TITLE_PX });
  expect(part(handle.x, handle.y)).toBe('11 fade_in');
  expect(part(299, handle.y)).toBe('11 fade_out');
});

test('points of the envelope answer only while the clip is selected', () => {
  const place = pointPlace(view, long, soundBox(clipBox(view, long, 0)), { at: 1000, gain_db: 0 });
  expect(place.x).toBe(200);
  expect(part(place.x, place.y)).toBe('11 body');
  expect(hitTest(two, view, new Set([11]), place.x, place.y)).toMatchObject({
    on: 'point',
    index: 0,
  });
});

test('rows are tracks, also when they are scrolled', () => {
  expect(part(20, TRACK_PX + MIDDLE)).toBe('21 body');
  expect(trackAt({ ...view, top: TRACK_PX }, 5)).toBe(1);
  expect(hitTest(two, view, none, 20, TRACK_PX * 5)).toEqual({ on: 'lane', track: null });
});

test('an open lane lies below the clips of its track and moves the tracks below it down', () => {
  const open = new Map<number | null, boolean>([
    [1, true],
    [null, true],
  ]);
  const opened = { ...view, tops: topsOf(two.tracks, open) };
  const owner = (y: number) => laneOwnerAt(opened, two.tracks, open, y);
  expect(hitTest(two, opened, none, 200, TRACK_PX + 5)).toMatchObject({ on: 'lane' });
  expect(hitTest(two, opened, none, 20, TRACK_PX + AUTOMATION_PX + MIDDLE)).toMatchObject({
    clip: { id: 21 },
  });
  expect(owner(TRACK_PX - 1)).toBeUndefined();
  expect(owner(TRACK_PX + 1)).toBe(1);
  expect(owner(TRACK_PX + AUTOMATION_PX + 1)).toBeUndefined();
  const mix = laneTop(opened, two.tracks, null);
  expect(mix).toBe(2 * TRACK_PX + AUTOMATION_PX);
  expect([owner(mix + 1), owner(mix + AUTOMATION_PX + 1)]).toEqual([null, undefined]);
  expect(trackAt({ ...opened, top: TRACK_PX }, AUTOMATION_PX + 1)).toBe(1);
  expect(topsOf(two.tracks, new Set()), 'nothing is computed where none is open').toBeUndefined();
});

test('a clip too narrow for handles can still be moved', () => {
  const far = { ...view, samplesPerPx: 200 };
  const hit = hitTest(two, far, none, 6, MIDDLE);
  expect(hit).toMatchObject({ on: 'clip', part: 'body' });
});

test('of clips over each other the selected one is grabbed, else the later one', () => {
  const over = session([track(1, clip(1, 0, 3000), clip(2, 1000, 3000))]);
  const at = (selected: number[]) => hitTest(over, view, new Set(selected), 200, MIDDLE);
  expect(at([])).toMatchObject({ clip: { id: 2 } });
  expect(at([1])).toMatchObject({ clip: { id: 1 } });
});
