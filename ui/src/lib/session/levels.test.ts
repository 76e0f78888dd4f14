import { expect, test } from 'vitest';
import { FLOOR_DB, SILENT, dbOfPeak, isAtRest, metered, meterShare } from './levels';

test('peaks are told in dBFS and silence has a floor', () => {
  expect(dbOfPeak(1)).toBe(0);
  expect(dbOfPeak(0.5)).toBeCloseTo(-6.02, 2);
  expect(dbOfPeak(2)).toBeCloseTo(6.02, 2);
  expect(dbOfPeak(0)).toBe(FLOOR_DB);
  expect(dbOfPeak(1e-9)).toBe(FLOOR_DB);
});

test('a meter gives the upper 20 dB half of its height', () => {
  expect(meterShare(FLOOR_DB)).toBe(0);
  expect(meterShare(-100)).toBe(0);
  expect(meterShare(-20)).toBeCloseTo(0.5);
  expect(meterShare(-10)).toBeCloseTo(0.75);
  expect(meterShare(0)).toBe(1);
  expect(meterShare(6)).toBe(1);
});

test('a bar rises at once and falls 20 dB in 1.7 s', () => {
  const loud = metered(SILENT, -3, 40);
  expect(loud.db).toBe(-3);
  expect(metered(loud, FLOOR_DB, 1700).db).toBeCloseTo(-23);
});

test('the mark of a peak stands for 1.5 s and then falls', () => {
  const loud = metered(SILENT, -3, 40);
  const standing = metered(loud, FLOOR_DB, 1500);
  expect(standing.peakDb).toBe(-3);
  const falling = metered(standing, FLOOR_DB, 850);
  expect(falling.peakDb).toBeCloseTo(-13);
});

test('one long step lets the mark fall only for the time after it stood', () => {
  const loud = metered(SILENT, 0, 40);
  expect(metered(loud, FLOOR_DB, 2350).peakDb).toBeCloseTo(-10);
});

test('a louder peak takes the mark and it stands anew', () => {
  const first = metered(metered(SILENT, -12, 40), FLOOR_DB, 1400);
  const second = metered(first, -6, 40);
  expect(second).toEqual({ db: -6, peakDb: -6, heldMs: 0 });
});

test('a meter comes to rest after the sound stops, and not before', () => {
  let level = metered(SILENT, 0, 40);
  for (let ms = 0; ms < 5000; ms += 16) level = metered(level, FLOOR_DB, 16);
  expect(isAtRest(level)).toBe(false);
  for (let ms = 0; ms < 4000; ms += 16) level = metered(level, FLOOR_DB, 16);
  expect(isAtRest(level)).toBe(true);
});
