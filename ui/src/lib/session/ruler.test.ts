import { expect, test } from 'vitest';
import { rulerTicks, tickStep } from './ruler';

const RATE = 48_000;

function labels(samplesPerPx: number, from = 0, units: 'time' | 'samples' = 'time') {
  const ticks = rulerTicks({ from, samplesPerPx, widthPx: 300 }, RATE, units, 100);
  return ticks.flatMap(({ label }) => label ?? []);
}

test('labels keep their distance at every zoom', () => {
  for (const samplesPerPx of [0.125, 1, 48, 480, 4800, 48_000, 480_000, 4_800_000]) {
    for (const units of ['time', 'samples'] as const) {
      const apart = tickStep(samplesPerPx, RATE, units, 90) / samplesPerPx;
      expect(apart, `${samplesPerPx} samples a pixel in ${units}`).toBeGreaterThanOrEqual(90);
    }
  }
});

test('far away there are hours, near by fractions of a second', () => {
  expect(labels(36 * RATE).slice(0, 2)).toEqual(['0:00', '1:00:00']);
  expect(labels(480).slice(0, 2)).toEqual(['0:00', '0:01']);
  expect(labels(48).slice(0, 2)).toEqual(['0:00.0', '0:00.1']);
  expect(labels(0.48)).toContain('0:00.001');
});

test('nearer still, samples are counted', () => {
  expect(labels(0.125, 1_000_000)).toContain('1,000,020');
  expect(labels(480, 0, 'samples')).toContain('50,000');
});

test('between two labels are four short ticks', () => {
  const ticks = rulerTicks({ from: 0, samplesPerPx: 480, widthPx: 300 }, RATE, 'time', 100);
  expect(ticks.slice(0, 6).map(({ label }) => label !== null)).toEqual([
    ...[true, false, false, false, false, true],
  ]);
  expect(ticks[1]?.x).toBe(20);
});
