import { expect, test } from 'vitest';
import type { Band } from '../types';
import { noiseAt, noiseView } from './noise';
import { responseDb, viewOf } from './response';

const RATE = 48_000;
const band = (change: Partial<Band>): Required<Band> => ({
  shape: 'peak',
  frequency_hz: 1000,
  gain_db: 0,
  q: 0.71,
  ...change,
});
const at = (bands: Required<Band>[], hz: number) => responseDb(bands, hz, RATE);

test('a peak has its gain at its frequency and none far from it', () => {
  const peak = [band({ gain_db: 6, q: 2 })];
  expect(at(peak, 1000)).toBeCloseTo(6, 6);
  expect(at(peak, 20)).toBeCloseTo(0, 1);
  expect(at(peak, 20_000)).toBeCloseTo(0, 1);
});

test('shelves reach their gain at the end and half of it at their frequency', () => {
  expect(at([band({ shape: 'low_shelf', gain_db: -8 })], 10)).toBeCloseTo(-8, 2);
  expect(at([band({ shape: 'low_shelf', gain_db: -8 })], 1000)).toBeCloseTo(-4, 6);
  expect(at([band({ shape: 'high_shelf', gain_db: 8 })], 1000)).toBeCloseTo(4, 6);
  expect(at([band({ shape: 'high_shelf', gain_db: 8 })], 24_000)).toBeCloseTo(8, 2);
});

test('passes fall by 12 dB an octave, and a notch leaves nothing', () => {
  const high = [band({ shape: 'high_pass', q: Math.SQRT1_2 })];
  expect(at(high, 1000)).toBeCloseTo(-3.01, 2);
  expect(at(high, 62.5) - at(high, 31.25)).toBeCloseTo(12.04, 1);
  expect(at([band({ shape: 'low_pass' })], 24_000)).toBeLessThan(-100);
  expect(at([band({ shape: 'band_pass' })], 1000)).toBeCloseTo(0, 6);
  expect(at([band({ shape: 'notch' })], 1000)).toBeLessThan(-80);
});

test('bands add up, and one above the sound’s range acts at its edge', () => {
  const both = [band({ gain_db: 6 }), band({ gain_db: -2 })];
  expect(at(both, 1000)).toBeCloseTo(4, 6);
  expect(at([band({ frequency_hz: 40_000, gain_db: 6 })], 0.49 * RATE)).toBeCloseTo(6, 3);
});

test('a plot reaches as far as its bands', () => {
  expect(viewOf([band({ gain_db: -12 })]).toDb).toBe(18);
  expect(viewOf([band({ gain_db: -12 }), band({ gain_db: 20 })]).fromDb).toBe(-36);
  expect(viewOf([band({ shape: 'notch', gain_db: 30 })]).toDb).toBe(18);
});

test('a noise lies on straight lines between its levels', () => {
  const noise = { step_hz: 100, levels_db: [-60, -70, -80] };
  expect([0, 50, 200, 9000].map((hz) => noiseAt(noise, hz))).toEqual([-60, -65, -80, -80]);
  const { fromDb, toDb } = noiseView(noise);
  expect([fromDb, toDb]).toEqual([-120, -40]);
});
