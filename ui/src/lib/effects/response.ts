// What an equaliser does at each frequency. Pure.
//
// Sections as in R. Bristow-Johnson, "Audio EQ Cookbook" (W3C Working Group Note, 2021), the same as
// the engine's.

import type { SpectrumView } from '../draw/spectrum';
import type { Band, EffectKind, Slot } from '../types';
import { settingOf } from './chain';

/** No section acts above this part of the sample rate. */
const HIGHEST = 0.49;

/** Plots reach so far up and down; as far as the bands need. */
const RANGES_DB = [18, 36];

/** All bands, with what is left out. */
export function bandsOf(slot: Slot, kind: EffectKind): Required<Band>[] {
  const usual = settingOf({ effect: kind.defaults } as Slot, 'bands') as Required<Band>[];
  const own = (settingOf(slot, 'bands') as Band[] | undefined) ?? usual;
  return own.map((band) => ({ ...usual[0], ...band }) as Required<Band>);
}

/** Passes and notches have none. */
export function hasGain(band: Band | undefined): boolean {
  return band?.shape === 'peak' || band?.shape === 'low_shelf' || band?.shape === 'high_shelf';
}

export function viewOf(bands: Required<Band>[]): Omit<SpectrumView, 'at'> {
  const most = Math.max(...bands.map((band) => (hasGain(band) ? Math.abs(band.gain_db) : 0)));
  const range = RANGES_DB.find((range) => most <= range) ?? most;
  const stepDb = range / 3;
  return { lowHz: 20, highHz: 20_000, fromDb: -range, toDb: range, stepDb, baseDb: 0 };
}

/** The gain of all bands together, in dB. */
export function responseDb(bands: Required<Band>[], hz: number, rateHz: number): number {
  return bands.reduce((sum, band) => sum + bandDb(band, hz, rateHz), 0);
}

/** y = b0 x + b1 x₁ + b2 x₂ − a1 y₁ − a2 y₂, times a0. */
interface Section {
  b: [number, number, number];
  a: [number, number, number];
}

function bandDb(band: Required<Band>, hz: number, rateHz: number): number {
  const { b, a } = section(band, rateHz);
  const turn = (2 * Math.PI * Math.min(hz, rateHz / 2)) / rateHz;
  return 10 * Math.log10(Math.max(power(b, turn), 1e-12) / power(a, turn));
}

/** |c0 + c1 z⁻¹ + c2 z⁻²|² on the unit circle. */
function power([c0, c1, c2]: [number, number, number], turn: number): number {
  const re = c0 + c1 * Math.cos(turn) + c2 * Math.cos(2 * turn);
  const im = c1 * Math.sin(turn) + c2 * Math.sin(2 * turn);
  return re * re + im * im;
}

function section({ shape, frequency_hz, gain_db, q }: Required<Band>, rateHz: number): Section {
  const turn = 2 * Math.PI * Math.min(frequency_hz / rateHz, HIGHEST);
  const [sin, cos] = [Math.sin(turn), Math.cos(turn)];
  const alpha = sin / (2 * q);
  const gain = 10 ** (gain_db / 40);
  const resonance: Section['a'] = [1 + alpha, -2 * cos, 1 - alpha];
  switch (shape) {
    case 'peak':
      return {
        b: [1 + alpha * gain, -2 * cos, 1 - alpha * gain],
        a: [1 + alpha / gain, -2 * cos, 1 - alpha / gain],
      };
    case 'low_shelf':
      return shelf(gain, cos, alpha);
    case 'high_shelf': {
      // A low shelf of the mirrored spectrum.
      const { b, a } = shelf(gain, -cos, alpha);
      return { b: [b[0], -b[1], b[2]], a: [a[0], -a[1], a[2]] };
    }
    case 'low_pass':
      return { b: [(1 - cos) / 2, 1 - cos, (1 - cos) / 2], a: resonance };
    case 'high_pass':
      return { b: [(1 + cos) / 2, -1 - cos, (1 + cos) / 2], a: resonance };
    case 'band_pass':
      return { b: [alpha, 0, -alpha], a: resonance };
    case 'notch':
      return { b: [1, -2 * cos, 1], a: resonance };
  }
}

function shelf(gain: number, cos: number, alpha: number): Section {
  const [sum, difference, root] = [gain + 1, gain - 1, 2 * Math.sqrt(gain) * alpha];
  return {
    b: [
      gain * (sum - difference * cos + root),
      2 * gain * (difference - sum * cos),
      gain * (sum - difference * cos - root),
    ],
    a: [
      sum + difference * cos + root,
      -2 * (difference + sum * cos),
      sum + difference * cos - root,
    ],
  };
}
