import { expect, test } from 'vitest';
import { copied, pasted } from './clipboard';
import { clipBox, fadeHandle, pointPlace, soundBox, TRACK_PX } from './geometry';
import { hitTest } from './hit';
import { rulerTicks, tickStep } from './ruler';
import { clip, session, track } from './sample';
import { envelopeDb, fadeGain, gainAt, gainOfShare, shareOfGain, withPoint } from './shape';
import { snapped, snappedShift } from './snap';
import { lengthOf, position } from './time';
import { clamped, fitted, following, sampleAt, xOf, zoomedAt } from './view';
import { bestLevel, levelFor } from './waves';

const view = { from: 0, samplesPerPx: 1, widthPx: 1000, top: 0 };

test('zooming keeps the sample under the pointer', () => {
  const near = zoomedAt({ ...view, from: 500 }, 4, 300, 100_000, 1000);
  expect(near.samplesPerPx).toBe(0.25);
  expect(sampleAt(near, 300)).toBe(800);
  expect(zoomedAt(view, 1e9, 0, 1000, 1000).samplesPerPx).toBe(1 / 8);
  const far = zoomedAt(view, 1e-9, 0, 1000, 1000);
  expect(far.samplesPerPx).toBeCloseTo(fitted(1000, 1000, 1000).samplesPerPx * 4);
});

test('the view stays where there is something', () => {
  expect(clamped({ ...view, from: -20 }, 5000).from).toBe(0);
  expect(clamped({ ...view, from: 9000 }, 5000).from).toBe(4500);
  expect(following(view, 500, 5000)).toBe(view);
  expect(xOf(following(view, 1200, 5000), 1200)).toBe(50);
});

test('labels stand apart and tell samples when near', () => {
  expect(tickStep(480, 48_000, 'time', 90)).toBe(48_000);
  expect(tickStep(0.125, 48_000, 'time', 90)).toBe(20);
  expect(tickStep(480, 48_000, 'samples', 90)).toBe(50_000);
  const labels = rulerTicks(
    { from: 0, samplesPerPx: 48, widthPx: 300 },
    48_000,
    'time',
    90,
  ).flatMap(({ label }) => label ?? []);
  expect(labels).toEqual(['0:00.0', '0:00.1', '0:00.2', '0:00.3']);
  const hours = rulerTicks({ from: 0, samplesPerPx: 2e6, widthPx: 300 }, 48_000, 'time', 90);
  expect(hours.flatMap(({ label }) => label ?? []).at(1)).toBe('2:00:00');
});

test('positions are written to the millisecond', () => {
  expect(position(48_000 * 3723 + 24_000, 48_000)).toBe('1:02:03.500');
  expect(position(0, 44_100)).toBe('0:00.000');
  expect(lengthOf(48_000 * 64.05, 48_000)).toBe('1 min 4.1 s');
});

test('a place snaps to the nearest target within reach', () => {
  const targets = [0, 100, 110];
  expect(snapped(104, targets, 5)).toBe(100);
  expect(snapped(106, targets, 5)).toBe(110);
  expect(snapped(60, targets, 5)).toBe(60);
  expect(snappedShift([20, 50], 53, targets, 8)).toBe(50);
});

test('a fade is silent at its start and full at its end', () => {
  for (const shape of ['linear', 'equal_power', 'smooth', 'decibels'] as const) {
    expect(fadeGain(shape, 0), shape).toBe(0);
    expect(fadeGain(shape, 1), shape).toBeCloseTo(1);
  }
  expect(fadeGain('equal_power', 0.5)).toBeCloseTo(Math.SQRT1_2);
});

test('an envelope holds before and after and runs evenly in dB between', () => {
  const points = [
    { at: 100, gain_db: 0 },
    { at: 200, gain_db: -12 },
  ];
  expect([0, 150, 900].map((at) => envelopeDb(points, at))).toEqual([0, -6, -12]);
  expect(envelopeDb([], 5)).toBe(0);
  expect(gainAt(clip(1, 0, 500, { envelope: points }), 100)).toBeCloseTo(10 ** (-12 / 20));
  expect(withPoint(points, { at: 200, gain_db: 3 })).toEqual([points[0], { at: 200, gain_db: 3 }]);
});

test('a height and its gain are each other’s inverse', () => {
  for (const db of [12, 6, 0, -6, -24]) expect(gainOfShare(shareOfGain(db))).toBeCloseTo(db, 1);
  expect(gainOfShare(0)).toBe(-120);
});

const shaped = clip(21, 300, 200, {
  fade_in: { length: 50, shape: 'linear' },
  envelope: [{ at: 200, gain_db: 0 }],
});
const show = session([track(1, [clip(11, 0, 100)]), track(2, [shaped])]);

test('what is under the pointer: body, edges, fade handles, points, free space', () => {
  const box = clipBox(view, shaped, 1);
  const hit = (x: number, y: number, chosen: number[] = []) =>
    hitTest(show, view, new Set(chosen), x, y);
  const middle = TRACK_PX * 1.5;
  expect(hit(350, middle)).toMatchObject({ on: 'clip', part: 'body' });
  expect(hit(302, middle)).toMatchObject({ on: 'clip', part: 'start' });
  expect(hit(499, middle)).toMatchObject({ on: 'clip', part: 'end' });
  const handle = fadeHandle(view, shaped, box, 'in');
  expect(hit(handle.x, handle.y)).toMatchObject({ on: 'clip', part: 'fade_in' });
  const point = pointPlace(view, shaped, soundBox(box), { at: 200, gain_db: 0 });
  expect(hit(point.x, point.y)).toMatchObject({ on: 'clip', part: 'body' });
  expect(hit(point.x, point.y, [21])).toMatchObject({ on: 'point', index: 0 });
  expect(hit(700, middle)).toMatchObject({ on: 'lane', track: { id: 2 } });
  expect(hit(50, TRACK_PX * 5)).toEqual({ on: 'lane', track: null });
});

test('copied clips keep their places among each other, at the other session’s rate', () => {
  const what = copied('p1', show, new Set([11, 21]));
  if (!what) throw new Error('nothing was copied');
  const other = { ...session([track(7, [])]), rate: 2000 };
  const clips = pasted(other, what, 5000, 0, new Map([['a', 'b']]));
  expect(clips.map(({ track, source, start, length }) => [track, source, start, length])).toEqual([
    [7, 'b', 5000, 200],
    [7, 'b', 5600, 400],
  ]);
  expect(clips[1]?.fade_in?.length).toBe(100);
  expect(copied('p1', show, new Set())).toBeNull();
});

test('a level of peaks has at least one a pixel; until it is there a coarser one is drawn', () => {
  expect([10, 256, 1023, 1024, 5000].map(levelFor)).toEqual([256, 256, 256, 1024, 4096]);
  expect(bestLevel(1024, [256, 4096])).toBe(256);
  expect(bestLevel(4096, [256, 65_536])).toBe(65_536);
  expect(bestLevel(4096, [256])).toBeNull();
});
