// Where a ruler's ticks stand and what they say. Pure.

import { xOf, type TimeView } from './view';

export interface Tick {
  x: number;
  /** `null`: a short tick between two labels. */
  label: string | null;
}

export type Units = 'time' | 'samples';

const SECONDS = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
  ...[1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400],
];
const PARTS = 5;

/** Samples between labels that stand at least `leastPx` apart. */
export function tickStep(samplesPerPx: number, rate: number, units: Units, leastPx: number) {
  const least = samplesPerPx * leastPx;
  const inTime = SECONDS.find((secs) => secs * rate >= least);
  if (units === 'time' && least >= 0.001 * rate) return (inTime ?? 36_000) * rate;
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const factor = [1, 2, 5, 10].find((each) => each * power >= least) ?? 10;
  return factor * power;
}

export function rulerTicks(view: TimeView, rate: number, units: Units, leastPx: number): Tick[] {
  const step = tickStep(view.samplesPerPx, rate, units, leastPx);
  const part = step / PARTS;
  const first = Math.floor(view.from / part);
  const last = Math.ceil((view.from + view.widthPx * view.samplesPerPx) / part);
  const ticks: Tick[] = [];
  for (let i = Math.max(0, first); i <= last; i += 1) {
    const label = i % PARTS === 0 ? labelOf((i / PARTS) * step, step, rate, units) : null;
    ticks.push({ x: xOf(view, i * part), label });
  }
  return ticks;
}

/** As many decimals as tell two labels apart; single samples are counted. */
function labelOf(sample: number, step: number, rate: number, units: Units): string {
  if (units === 'samples' || step < 0.001 * rate) {
    return Math.round(sample).toLocaleString('en-US');
  }
  const decimals = step >= rate ? 0 : step >= 0.1 * rate ? 1 : step >= 0.01 * rate ? 2 : 3;
  const scale = 10 ** decimals;
  const whole = Math.round((sample / rate) * scale);
  const secs = Math.floor(whole / scale);
  const [hours, minutes] = [Math.floor(secs / 3600), Math.floor(secs / 60) % 60];
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0');
  const rest = decimals > 0 ? `.${pad(whole % scale, decimals)}` : '';
  const tail = `${pad(secs % 60, 2)}${rest}`;
  return hours > 0 ? `${hours}:${pad(minutes, 2)}:${tail}` : `${minutes}:${tail}`;
}
