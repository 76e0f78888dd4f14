// A learnt noise as a curve. Pure.

import type { SpectrumView } from '../draw/spectrum';
import type { NoiseProfile } from '../types';

/** A sound that a noise can be learnt from. */
export interface NoiseEar {
  /** Where it stands, in seconds. */
  position: () => number;
  /** Learns the noise between two moments, in seconds; `null` where it cannot. */
  learn: (from: number, to: number) => Promise<NoiseProfile | null>;
}

const STEP_DB = 20;
/** Levels lower than this below the loudest do not matter. */
const DEPTH_DB = 80;

/** Between the levels that are stored it is a straight line. */
export function noiseAt({ step_hz, levels_db }: NoiseProfile, hz: number): number {
  const place = Math.min(levels_db.length - 1, hz / step_hz);
  const [at, part] = [Math.floor(place), place % 1];
  const low = levels_db[at] ?? 0;
  return low + ((levels_db[at + 1] ?? low) - low) * part;
}

export function noiseView(profile: NoiseProfile): SpectrumView {
  const most = profile.levels_db.reduce((most, db) => Math.max(most, db), -Infinity);
  const toDb = Math.ceil((most + 1) / STEP_DB) * STEP_DB;
  return {
    lowHz: 20,
    highHz: 20_000,
    fromDb: toDb - DEPTH_DB,
    toDb,
    stepDb: STEP_DB,
    baseDb: toDb - DEPTH_DB,
    at: (hz) => noiseAt(profile, hz),
  };
}
