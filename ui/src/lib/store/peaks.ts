// Peaks of assets, kept as long as they are wanted often.

import { parsePeaks, samplesPerPeakFor, type Peaks } from '../peaks';
import type { Asset, AudioSource } from '../types';
import { callBytes } from './connection';

/** Sounds whose peaks stay in memory: a screen of rows and then some. */
const KEPT = 300;
const kept = new Map<string, Promise<Peaks>>();

/** Peaks of an asset's sound, fine enough for `width` columns. */
export function peaksOf(project: string, asset: Asset, width: number): Promise<Peaks> {
  const rate = asset.audio?.sample_rate ?? 48_000;
  const frames = asset.audio?.frames ?? (asset.duration_secs ?? 0) * rate;
  return read(asset.digest, { project, asset: asset.id }, samplesPerPeakFor(frames, width));
}

/** Peaks of a file's sound; `version` changes when the file does. */
export function peaksOfFile(path: string, version: string, samplesPerPeak: number): Promise<Peaks> {
  return read(`${path} ${version}`, { path }, samplesPerPeak);
}

/** Samples of an asset's sound, each as a peak of one. */
export function samplesOf(
  project: string,
  { id: asset }: Asset,
  from: number,
  frames: number,
): Promise<Peaks> {
  return callBytes('audio.samples', { project, asset, from, frames }).then(parsePeaks);
}

function read(key: string, source: AudioSource, samplesPerPeak: number): Promise<Peaks> {
  const level = `${key} ${Math.floor(Math.log2(samplesPerPeak) / 2)}`;
  const known = kept.get(level);
  if (known) return known;
  const input = { ...source, samples_per_peak: samplesPerPeak };
  const peaks = callBytes('audio.peaks', input).then(parsePeaks);
  peaks.catch(() => kept.delete(level));
  kept.set(level, peaks);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  return peaks;
}
