// Gain over a clip: fades, envelope, and where a gain stands between top and bottom. Pure.

import type { Clip, EnvelopePoint, FadeShape } from './types';

/** Highest gain that an envelope shows, in dB; 0 dB is then in the middle. */
const TOP_DB = 12;
const FLOOR_DB = -120;

/** The gain after `done` of the way from silence, both 0 to 1. */
export function fadeGain(shape: FadeShape, done: number): number {
  const share = Math.min(1, Math.max(0, done));
  switch (shape) {
    case 'linear':
      return share;
    case 'equal_power':
      return Math.sin((share * Math.PI) / 2);
    case 'smooth':
      return 0.5 - 0.5 * Math.cos(share * Math.PI);
    case 'decibels':
      return share > 0 ? ratio(60 * (share - 1)) : 0;
  }
}

/** What a sample of the clip is multiplied by; `at` is counted from the clip's start. */
export function gainAt(clip: Clip, at: number): number {
  let gain = ratio(clip.gain_db);
  const { fade_in: into, fade_out: out } = clip;
  if (at < into.length) gain *= fadeGain(into.shape, at / into.length);
  const left = clip.length - at;
  if (left < out.length) gain *= fadeGain(out.shape, left / out.length);
  if (clip.envelope.length > 0) gain *= ratio(envelopeDb(clip.envelope, clip.from + at));
  return gain;
}

/** The envelope at a sample of the source, in dB. */
export function envelopeDb(points: EnvelopePoint[], at: number): number {
  const after = points.findIndex((point) => point.at > at);
  const [left, right] = [points.at(after < 0 ? -1 : after - 1), points[after]];
  if (after === 0) return right?.gain_db ?? 0;
  if (!left || !right) return left?.gain_db ?? 0;
  const share = (at - left.at) / (right.at - left.at);
  return left.gain_db + share * (right.gain_db - left.gain_db);
}

/** The envelope with a point set; one at the same sample, or the one at `replaced`, gives way. */
export function withPoint(
  points: EnvelopePoint[],
  point: EnvelopePoint,
  replaced: number | null = null,
): EnvelopePoint[] {
  const others = points.filter(({ at }, i) => i !== replaced && at !== point.at);
  return [...others, point].sort((a, b) => a.at - b.at);
}

/** Where a gain stands, 0 at the bottom to 1 at the top. */
export function shareOfGain(db: number): number {
  return Math.min(1, Math.max(0, 10 ** ((db - TOP_DB) / 40)));
}

export function gainOfShare(share: number): number {
  if (share <= 0) return FLOOR_DB;
  const db = 40 * Math.log10(Math.min(1, share)) + TOP_DB;
  return Math.max(FLOOR_DB, Math.round(db * 10) / 10);
}

export function ratio(db: number): number {
  return 10 ** (db / 20);
}
