import { expect, test } from 'vitest';
import * as t from './timeline';
import type { MoviePlan } from './types';

const view: t.View = { start: 10, pxPerSec: 20, widthPx: 400 };
const NTSC = { num: 30_000, den: 1001 };

test('time and pixels turn into each other', () => {
  expect(t.xFromTime(view, 12)).toBe(40);
  expect(t.timeFromX(view, 40)).toBe(12);
});

test('zooming keeps the time under the pointer', () => {
  const before = t.timeFromX(view, 130);
  const closer = t.zoomAt(view, 1.7, 130, 600);
  expect(closer.pxPerSec).toBeCloseTo(34);
  expect(t.timeFromX(closer, 130)).toBeCloseTo(before);
});

test('zooming out ends with the whole film, zooming in at single frames', () => {
  expect(t.zoomAt(view, 0.0001, 200, 60)).toEqual(t.fit(60, 400));
  expect(t.zoomAt(view, 1e9, 200, 60).pxPerSec).toBe(400);
});

test('the view never leaves the film', () => {
  expect(t.scrollBy(view, -9999, 60).start).toBe(0);
  expect(t.scrollBy(view, 9999, 60).start).toBe(40);
  expect(t.scrollBy(t.fit(60, 400), 100, 60).start).toBe(0);
});

test('following moves only when the playhead leaves the view', () => {
  expect(t.follow(view, 15, 60)).toBe(view);
  expect(t.follow(view, 31, 60).start).toBeCloseTo(29);
});

test('labels keep their distance', () => {
  expect(t.tickStep(20, 60)).toBe(5);
  expect(t.tickStep(400, 60)).toBe(0.2);
  expect(t.tickStep(0.001, 60)).toBe(7200);
  expect(t.ticks(view, 5, 60)).toEqual([10, 15, 20, 25, 30]);
  expect(t.ticks(view, 5, 22)).toEqual([10, 15, 20]);
});

test('a frame’s own start shows that frame, at fractional rates too', () => {
  for (const frame of [0, 1, 2, 29, 30, 1001, 17_981]) {
    expect(t.frameAt(t.secondsAt(frame, NTSC), NTSC, 20_000)).toBe(frame);
  }
});

test('frames stay inside the film', () => {
  expect(t.frameAt(-1, NTSC, 10)).toBe(0);
  expect(t.frameAt(99, NTSC, 10)).toBe(9);
});

test('shots follow each other without a gap', () => {
  const shots = [
    { id: 'a', duration_sec: 2.5 },
    { id: 'b', duration_sec: 4 },
  ];
  const plan = { shots } as MoviePlan;
  expect(t.placeShots(plan)).toEqual([
    { id: 'a', index: 0, start: 0, end: 2.5 },
    { id: 'b', index: 1, start: 2.5, end: 6.5 },
  ]);
  expect(t.planDuration(plan)).toBe(6.5);
  expect(t.at(t.placeShots(plan), 2.5)?.id).toBe('b');
  expect(t.at(t.placeShots(plan), 99)?.id).toBe('b');
  expect(t.at([], 1)).toBeNull();
  expect(t.at([{ start: 5 }], 2), 'nothing has begun yet').toBeNull();
});
