import { expect, test } from 'vitest';
import { clip } from './fixture';
import { envelopeDb, fadeGain, gainAt, gainOfShare, shareOfGain, withPoint } from './shape';

const points = [
  { at: 100, gain_db: 0 },
  { at: 200, gain_db: -10 },
];

test('every fade goes from silence to full', () => {
  for (const shape of ['linear', 'equal_power', 'smooth', 'decibels'] as const) {
    expect(fadeGain(shape, 0), shape).toBe(0);
    expect(fadeGain(shape, 1), shape).toBeCloseTo(1);
    expect(fadeGain(shape, 2), shape).toBeCloseTo(1);
  }
});

test('two equal-power fades over each other keep the power', () => {
  const [there, gone] = [fadeGain('equal_power', 0.3), fadeGain('equal_power', 0.7)];
  expect(there ** 2 + gone ** 2).toBeCloseTo(1);
});

test('an envelope is straight in decibels between its points and level beyond them', () => {
  expect(envelopeDb(points, 0)).toBe(0);
  expect(envelopeDb(points, 150)).toBe(-5);
  expect(envelopeDb(points, 900)).toBe(-10);
  expect(envelopeDb([], 5)).toBe(0);
});

test('gain, fades and envelope of a clip are multiplied', () => {
  const faded = clip(1, 0, 1000, {
    ...{ from: 100, gain_db: -20, envelope: [{ at: 0, gain_db: 20 }] },
    fade_in: { length: 100, shape: 'linear' },
    fade_out: { length: 200, shape: 'linear' },
  });
  expect(gainAt(faded, 50)).toBeCloseTo(0.5);
  expect(gainAt(faded, 500)).toBeCloseTo(1);
  expect(gainAt(faded, 900)).toBeCloseTo(0.5);
});

test('the envelope belongs to the sound: a trim leaves it on its sample', () => {
  const envelope = [...points];
  const before = clip(1, 0, 1000, { envelope });
  const trimmed = clip(1, 150, 850, { from: 150, envelope });
  expect(gainAt(trimmed, 0)).toBe(gainAt(before, 150));
});

test('0 dB is in the middle, and heights turn back into gains', () => {
  expect(shareOfGain(0)).toBeCloseTo(0.5, 2);
  expect(shareOfGain(12)).toBe(1);
  for (const db of [-40, -12, 0, 6]) expect(gainOfShare(shareOfGain(db))).toBeCloseTo(db, 1);
  expect(gainOfShare(0)).toBe(-120);
});

test('a point takes the place of the one that was dragged, and of one at its sample', () => {
  expect(withPoint(points, { at: 150, gain_db: 3 }).map(({ at }) => at)).toEqual([100, 150, 200]);
  expect(withPoint(points, { at: 300, gain_db: 3 }, 0).map(({ at }) => at)).toEqual([200, 300]);
  expect(withPoint(points, { at: 200, gain_db: 3 })).toEqual([
    { at: 100, gain_db: 0 },
    { at: 200, gain_db: 3 },
  ]);
});
