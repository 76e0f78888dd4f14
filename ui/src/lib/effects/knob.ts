// A knob's way between its ends, and its value as people read and write it. Pure.

import { signed, words } from '../format';
import type { Knob } from '../types';

/** How far between its ends a value is, 0 to 1. */
export function shareOf(knob: Knob, value: number): number {
  const { min, max } = knob;
  const share = knob.logarithmic
    ? Math.log(value / min) / Math.log(max / min)
    : (value - min) / (max - min);
  return Math.min(1, Math.max(0, share));
}

/** The value at a share of the way, as round as the knob is wide. */
export function valueAt(knob: Knob, share: number): number {
  const { min, max } = knob;
  if (share <= 0) return min;
  if (share >= 1) return max;
  if (knob.logarithmic) return rounded(min * (max / min) ** share, 3);
  const value = min + (max - min) * share;
  const step = 10 ** Math.floor(Math.log10((max - min) / 100));
  return clamped(knob, Number((Math.round(value / step) * step).toFixed(6)));
}

export function clamped(knob: Knob, value: number): number {
  return Math.min(knob.max, Math.max(knob.min, value));
}

/** `-6 dB`, `1.2 kHz`, `350 ms`, `40 %`. */
export function shown(knob: Knob, value: number): string {
  if (knob.name === 'wet') return `${Math.round(value * 100)} %`;
  if (knob.unit === 'dB') return `${signed(value, 1)} dB`;
  if (knob.unit === 'Hz' && value >= 1000) return `${compact(value / 1000)} kHz`;
  if (knob.unit === 'ms' && value >= 1000) return `${compact(value / 1000)} s`;
  if (knob.name === 'ratio') return `${compact(value)} : 1`;
  return knob.unit === '1' ? compact(value) : `${compact(value)} ${knob.unit}`;
}

/** What was typed, within the knob's range; `null` if it is no number. */
export function typed(knob: Knob, text: string): number | null {
  const plain = text.trim().replace('−', '-').replace(',', '.');
  const found = /^([+-]?(?:\d+\.?\d*|\.\d+))\s*(?::\s*1)?\s*(%|[a-zµ]*)$/i.exec(plain);
  if (!found) return null;
  const [, digits = '', unit = ''] = found;
  return clamped(knob, Number(digits) * factor(knob, unit.toLowerCase()));
}

function factor(knob: Knob, unit: string): number {
  if (unit === '%' || (knob.name === 'wet' && unit === '')) return 0.01;
  if (knob.unit === 'Hz' && (unit === 'k' || unit === 'khz')) return 1000;
  if (knob.unit === 'ms' && unit === 's') return 1000;
  return knob.unit === 's' && unit === 'ms' ? 0.001 : 1;
}

const UNITS = /_(db|hz|ms|secs|octaves)$/;

/** `threshold_db` as `Threshold`, `bands[1].q` as `Q`, `low_pass24` as `Low pass 24`. */
export function titleOf(name: string): string {
  const own = name.split('.').at(-1) ?? name;
  return words(own.replace(UNITS, '').replace(/([a-z])(\d)/g, '$1 $2'));
}

/** At most three digits that count. */
function compact(value: number): string {
  const size = Math.abs(value);
  return signed(value, size >= 100 ? 0 : size >= 10 ? 1 : 2)
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

function rounded(value: number, digits: number): number {
  return Number(value.toPrecision(digits));
}
