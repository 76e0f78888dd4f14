// Levels as meters show them: dB from peaks, how bars and peaks fall, and where they stand. Pure.

/** What meters show as silence. */
export const FLOOR_DB = -70;
/** After a peak, its mark stays so long and then falls. */
const HOLD_MS = 1500;
/** Bars and marks fall by so much: IEC 60268-10, type I, 20 dB in 1.7 s. */
const FALL_DB_PER_MS = 20 / 1700;

/** Deflection of digital peak meters by IEC 60268-18: dB over full scale, share of the scale. */
const SCALE: [number, number][] = [
  [-70, 0],
  [-60, 0.025],
  [-50, 0.075],
  [-40, 0.15],
  [-30, 0.3],
  [-20, 0.5],
  [0, 1],
];

/** dBFS of a linear peak, not below the floor. */
export function dbOfPeak(peak: number): number {
  return peak > 0 ? Math.max(FLOOR_DB, 20 * Math.log10(peak)) : FLOOR_DB;
}

/** How far up a meter a level stands, 0 to 1. */
export function meterShare(db: number): number {
  const above = SCALE.findIndex(([at]) => at >= db);
  if (above === 0) return 0;
  const [lower, upper] = [SCALE[above - 1], SCALE[above]];
  if (!lower || !upper) return 1;
  return lower[1] + ((db - lower[0]) / (upper[0] - lower[0])) * (upper[1] - lower[1]);
}

/** One channel of a meter. */
export interface Level {
  /** The bar: rises at once, falls slowly. */
  db: number;
  /** The mark of the last peak. */
  peakDb: number;
  /** How long the mark has stood, in ms. */
  heldMs: number;
}

export const SILENT: Level = { db: FLOOR_DB, peakDb: FLOOR_DB, heldMs: 0 };

/** The channel after `ms` during which the sound peaked at `db`. */
export function metered(before: Level, db: number, ms: number): Level {
  const bar = Math.max(db, before.db - FALL_DB_PER_MS * ms, FLOOR_DB);
  if (db >= before.peakDb) return { db: bar, peakDb: db, heldMs: 0 };
  const heldMs = before.heldMs + ms;
  const falling = Math.min(ms, Math.max(0, heldMs - HOLD_MS));
  return { db: bar, peakDb: Math.max(bar, before.peakDb - FALL_DB_PER_MS * falling), heldMs };
}

/** Nothing moves any more while the sound stays as it is. */
export function isAtRest({ db, peakDb }: Level): boolean {
  return db <= FLOOR_DB && peakDb <= FLOOR_DB;
}
