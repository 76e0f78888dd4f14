// A small session for tests: positions are easy to add up in the head.

import type { Clip, Marker, Session, Track } from './types';

export const RATE = 1000;

export function clip(id: number, start: number, length: number, more: Partial<Clip> = {}): Clip {
  const none = { length: 0, shape: 'equal_power' as const };
  const plain = { gain_db: 0, fade_in: none, fade_out: none, envelope: [], muted: false };
  return { id, name: `Clip ${id}`, source: 'tone', start, from: 0, length, ...plain, ...more };
}

export function track(id: number, ...clips: Clip[]): Track {
  const set = { gain_db: 0, pan: 0, muted: false, soloed: false, effects: { effects: [] } };
  return { id, name: `Track ${id}`, ...set, clips };
}

export function session(tracks: Track[], markers: Marker[] = []): Session {
  const sources = { tone: { frames: 10_000, channels: 2 } };
  const base = { name: 'Test', rate: RATE, gain_db: 0, effects: { effects: [] }, sources };
  return { ...base, tracks, markers, next_id: 100 };
}

/** Every clip as `id@start+length`, by track. */
export function laid({ tracks }: Session): string[] {
  return tracks.map(({ clips }) =>
    clips.map(({ id, start, length }) => `${id}@${start}+${length}`).join(' '),
  );
}
