import { expect, test } from 'vitest';
import type { Knob } from '../types';
import type { Lane } from './automation';
import {
  dragged,
  glided,
  laneHit,
  lanePath,
  pointAt,
  seenPoints,
  shareOfValue,
  stepped,
  valueOfShare,
  valueShown,
  valueTyped,
  yOfValue,
} from './lanes';
import type { Automation, Curve } from './types';

/** 10 samples a pixel at 1 kHz: 100 pixels a second. */
const RATE = 1000;
const view = { from: 0, samplesPerPx: 10, widthPx: 800 };
const box = { x: 0, y: 10, width: 800, height: 100 };

function knob(name: string, unit: string, min: number, max: number, logarithmic = false): Knob {
  return { name, unit, min, max, default: min, fixed: false, summary: '', logarithmic };
}

function lane(knob: Knob, effect: number | null, points: [number, number][], curve?: Curve) {
  const automation: Automation = {
    parameter: knob.name,
    points: points.map(([at_secs, value]) => ({ at_secs, value })),
    ...(curve && { curve }),
  };
  const target = { effect, parameter: knob.name };
  return { target, knob, group: '', title: '', set: knob.min, automation };
}

const hz = (points: [number, number][], curve?: Curve) =>
  lane(knob('frequency_hz', 'Hz', 20, 20_000, true), 0, points, curve);
const drive = (points: [number, number][], curve?: Curve) =>
  lane(knob('drive', '1', 0, 1), 0, points, curve);
const volume = (points: [number, number][]) => lane(knob('gain_db', 'dB', -120, 24), null, points);
const pan = (points: [number, number][]) => lane(knob('pan', '1', -1, 1), null, points);

test('frequencies stand by their factors, levels as on a fader, others evenly', () => {
  const cases: [Lane, number, number][] = [
    [hz([]), 20, 0],
    [hz([]), 632.4555, 0.5],
    [hz([]), 20_000, 1],
    [drive([]), 0.25, 0.25],
    [pan([]), 0, 0.5],
    [volume([]), 12, 1],
    [volume([]), 0, 0.5012],
    [volume([]), -120, 0.0005],
  ];
  for (const [each, value, share] of cases) {
    expect(shareOfValue(each, value), `${each.knob.name} ${value}`).toBeCloseTo(share, 4);
  }
});

test('a value comes back from where it stands', () => {
  for (const share of [0.1, 0.3, 0.5, 0.9]) {
    for (const each of [hz([]), drive([]), pan([]), volume([])]) {
      const value = valueOfShare(each, share);
      expect(shareOfValue(each, value), each.knob.name).toBeCloseTo(share, 1);
      const y = yOfValue(each, box, value);
      expect(valueOfShare(each, 1 - (y - box.y) / box.height)).toBeCloseTo(value, 6);
    }
  }
  expect([valueOfShare(hz([]), 2), valueOfShare(hz([]), -1)]).toEqual([20_000, 20]);
});

test('values are shown with their unit, and read as they are shown', () => {
  const cases: [Lane, number, string][] = [
    [hz([]), 1200, '1.2 kHz'],
    [volume([]), -6, '−6.0 dB'],
    [volume([]), -120, '−∞ dB'],
    [pan([]), -0.4, 'left 40 %'],
    [pan([]), 0, 'centre'],
  ];
  for (const [each, value, text] of cases) {
    expect(valueShown(each, value)).toBe(text);
    expect(valueTyped(each, text), text).toBeCloseTo(value, 6);
  }
  expect(valueTyped(pan([]), '0.25')).toBe(0.25);
  expect(valueTyped(volume([]), '99')).toBe(24);
  expect(valueTyped(volume([]), 'loud')).toBeNull();
});

test('points, the line and the space beside them are told apart', () => {
  const line = drive([
    [1, 0.2],
    [3, 0.8],
  ]);
  const hit = (x: number, y: number) => laneHit(line, view, box, RATE, { x, y });
  expect(hit(100, 90)).toEqual({ on: 'point', index: 0 });
  expect(hit(304, 27)).toEqual({ on: 'point', index: 1 });
  expect(hit(200, 63)).toEqual({ on: 'line' });
  expect(hit(600, 30)).toEqual({ on: 'line' });
  expect(hit(200, 90)).toBeNull();
  expect(hit(20, 40)).toBeNull();
});

test('of points on each other the nearest is grabbed, and a step is a line', () => {
  const steps = drive(
    [
      [1, 0.2],
      [3, 0.2],
      [3, 0.9],
    ],
    'hold',
  );
  const hit = (x: number, y: number) => laneHit(steps, view, box, RATE, { x, y });
  expect(hit(300, 22)).toEqual({ on: 'point', index: 2 });
  expect(hit(300, 88)).toEqual({ on: 'point', index: 1 });
  expect(hit(302, 55)).toEqual({ on: 'line' });
  expect(hit(250, 55)).toBeNull();
});

test('without a curve the line is where the knob stands', () => {
  const none = { ...drive([]), set: 0.5, automation: null };
  expect(laneHit(none, view, box, RATE, { x: 400, y: 62 })).toEqual({ on: 'line' });
  expect(lanePath(none, view, box, RATE)).toEqual([
    { x: 0, y: 60 },
    { x: 800, y: 60 },
  ]);
});

test('a line is straight where the scale is even, and bent where it is not', () => {
  const points: [number, number][] = [
    [0, 0],
    [4, 1],
  ];
  const even = lanePath(drive(points), view, box, RATE);
  expect(even).toEqual([
    { x: 0, y: 110 },
    { x: 400, y: 10 },
    { x: 800, y: 10 },
  ]);
  const bent = lanePath(
    hz([
      [0, 20],
      [4, 20_000],
    ]),
    view,
    box,
    RATE,
  );
  const middle = bent.find(({ x }) => x === 200);
  // Half the way in Hz is close to the top of a scale by factors.
  expect(middle?.y).toBeCloseTo(10 + 100 * (Math.log(20_000 / 10_010) / Math.log(1000)), 1);
  expect(bent.length).toBeGreaterThan(100);
});

test('steps are drawn as steps, from the left edge to the right', () => {
  const steps = lanePath(
    drive(
      [
        [1, 0],
        [3, 1],
      ],
      'hold',
    ),
    view,
    box,
    RATE,
  );
  expect(steps).toEqual([
    ...[
      { x: 0, y: 110 },
      { x: 100, y: 110 },
      { x: 300, y: 110 },
    ],
    ...[
      { x: 300, y: 10 },
      { x: 800, y: 10 },
    ],
  ]);
});

test('of a long curve only what is seen is drawn', () => {
  const long = drive(Array.from({ length: 10_000 }, (_, i) => [i, (i % 10) / 10]));
  const there = { ...view, from: 5_000_000 };
  expect(seenPoints(long, there, box, RATE)).toEqual([5000, 5009]);
  expect(lanePath(long, there, box, RATE).length).toBeLessThan(12);
  expect(pointAt(long, there, box, RATE, 5001)).toEqual({ x: 100, y: 100 });
});

test('a dragged point snaps in time, keeps between its neighbours and takes the height', () => {
  const line = drive([
    [1, 0.2],
    [3, 0.8],
    [5, 0.2],
  ]);
  const to = (x: number, y: number, reach = 80) =>
    dragged(line, 1, view, box, RATE, { x, y }, [2_500], reach).points[1];
  expect(to(254, 60)).toEqual({ at_secs: 2.5, value: 0.5 });
  expect(to(254, 60, 0)).toEqual({ at_secs: 2.54, value: 0.5 });
  expect(to(700, -50)).toEqual({ at_secs: 5, value: 1 });
  expect(to(-30, 500)).toEqual({ at_secs: 1, value: 0 });
});

test('with Shift the pointer goes a tenth of its way', () => {
  const [from, to] = [
    { x: 10, y: 20 },
    { x: 110, y: 70 },
  ];
  expect(glided({ x: 0, y: 0 }, from, to, false)).toEqual({ x: 100, y: 50 });
  expect(glided({ x: 0, y: 0 }, from, to, true)).toEqual({ x: 10, y: 5 });
});

test('keys raise levels by half a dB and others by a fiftieth of their way', () => {
  expect(stepped(volume([]), -6, 1)).toBe(-5.5);
  expect(stepped(volume([]), 24, 1)).toBe(24);
  expect(stepped(drive([]), 0.5, -1)).toBeCloseTo(0.48, 6);
  expect(stepped(hz([]), 1000, 1)).toBeGreaterThan(1100);
});
