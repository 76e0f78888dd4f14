// A small session for tests.

import type { Clip, Session, Track } from './types';

export function clip(id: number, start: number, length: number, more: Partial<Clip> = {}): Clip {
  const fade = { length: 0, shape: 'equal_power' as const };
  return {
    ...{ id, name: `Clip ${id}`, source: 'a', start, from: 100, length, gain_db: 0 },
    ...{ fade_in: fade, fade_out: fade, envelope: [], muted: false },
    ...more,
  };
}

export function track(id: number, clips: Clip[]): Track {
  const set = { gain_db: 0, pan: 0, muted: false, soloed: false, effects: { effects: [] } };
  return { id, name: `Track ${id}`, ...set, clips };
}

/** At 1000 Hz; sources are 1,000 samples long. */
export function session(tracks: Track[]): Session {
  const base = { name: 'Show', rate: 1000, gain_db: 0, effects: { effects: [] }, markers: [] };
  return { ...base, tracks, sources: { a: { frames: 1000, channels: 2 } }, next_id: 100 };
}

/** Tracks as `id@start+length`, for reading in a test. */
export function places({ tracks }: Session): string[] {
  return tracks.map(({ clips }) =>
    clips.map(({ id, start, length }) => `${id}@${start}+${length}`).join(' '),
  );
}
