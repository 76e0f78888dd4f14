import { expect, test } from 'vitest';
import told from '../../mock/effects.json';
import type { EffectKind, Knob } from '../types';
import { shareOf, shown, titleOf, typed, valueAt } from './knob';

const knobs = (told.effects as unknown as EffectKind[]).flatMap(({ parameters }) => parameters);
const knob = (change: Partial<Knob>): Knob => ({
  name: 'gain_db',
  unit: 'dB',
  min: -60,
  max: 20,
  default: 0,
  fixed: false,
  summary: '',
  logarithmic: false,
  ...change,
});
const hertz = knob({ name: 'frequency_hz', unit: 'Hz', min: 20, max: 20_000, logarithmic: true });
const millis = knob({ name: 'attack_ms', unit: 'ms', min: 0, max: 5000 });

test('a share of the way and the value there belong together', () => {
  for (const each of knobs) {
    expect([valueAt(each, 0), valueAt(each, 1)]).toEqual([each.min, each.max]);
    for (const share of [0.1, 0.25, 0.5, 0.9]) {
      const value = valueAt(each, share);
      expect(value).toBeGreaterThan(each.min);
      expect(value).toBeLessThan(each.max);
      expect(shareOf(each, value), each.name).toBeCloseTo(share, 2);
    }
    expect(valueAt(each, shareOf(each, each.default)), each.name).toBeCloseTo(each.default, 1);
  }
});

test('frequencies move by octaves, levels by decibels', () => {
  expect(valueAt(hertz, 0.5)).toBe(632);
  expect(valueAt(knob({}), 0.5)).toBe(-20);
});

test('values are shown with their unit, and short', () => {
  const ratio = knob({ name: 'ratio', unit: '1', min: 1, max: 100 });
  const wet = knob({ name: 'wet', unit: '1', min: 0, max: 1 });
  expect(shown(knob({}), -6)).toBe('−6.0 dB');
  expect([80, 1000, 1250, 12_345].map((hz) => shown(hertz, hz))).toEqual([
    '80 Hz',
    '1 kHz',
    '1.25 kHz',
    '12.3 kHz',
  ]);
  expect([0, 0.02, 8, 120, 1500].map((ms) => shown(millis, ms))).toEqual([
    '0 ms',
    '0.02 ms',
    '8 ms',
    '120 ms',
    '1.5 s',
  ]);
  expect([shown(ratio, 4), shown(wet, 0.3)]).toEqual(['4 : 1', '30 %']);
});

test('what is shown can be typed again, and more', () => {
  for (const each of knobs) {
    const back = typed(each, shown(each, each.default));
    expect(back, each.name).toBeCloseTo(each.default, 1);
  }
  expect(typed(hertz, '1.5k')).toBe(1500);
  expect(typed(hertz, '2 kHz')).toBe(2000);
  expect(typed(millis, '0,5 s')).toBe(500);
  expect(typed(knob({}), '-99')).toBe(-60);
  expect(['', 'loud', '1 2', '--3', '.'].map((text) => typed(knob({}), text))).toEqual(
    Array(5).fill(null),
  );
});

test('names are words without their unit', () => {
  expect(
    ['threshold_db', 'bands[3].q', 'side_chain_high_pass_hz', 'low_pass24'].map(titleOf),
  ).toEqual(['Threshold', 'Q', 'Side chain high pass', 'Low pass 24']);
});
