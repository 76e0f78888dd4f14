// A session of the paper studio: a small show, or ten tracks of an hour with 2,000 clips.

import type { Clip, Session, Track } from '$lib/session/types';
import { assets } from './data';

const RATE = 48_000;
const HOUR = 3600 * RATE;
const frames = 245.76 * RATE;
const sounds = assets.filter(({ kind }) => kind === 'audio');

export function paperSession(scene: string): Session {
  const sources = Object.fromEntries(
    sounds.map(({ id }) => [id, { frames: scene === 'busy' ? HOUR : frames, channels: 2 }]),
  );
  const base = { name: 'Night radio', rate: RATE, gain_db: 0, effects: { effects: [] }, sources };
  if (scene === 'empty') return { ...base, tracks: [], markers: [], next_id: 1 };
  const tracks = scene === 'busy' ? busy() : small();
  const markers = [
    { id: 5001, name: 'Opening', at: 4 * RATE, length: 0 },
    { id: 5002, name: 'Interview', at: 30 * RATE, length: 85 * RATE },
    { id: 5003, name: 'Harbour bells', at: 140 * RATE, length: 0 },
  ];
  return { ...base, tracks, markers, next_id: 6000 };
}

function small(): Track[] {
  const seconds = (secs: number) => Math.round(secs * RATE);
  const voice = track(1, 'Voice', [
    clip(11, 'a2', 'Interview, first half', seconds(30), seconds(12), seconds(41), {
      fade_in: { length: seconds(1.5), shape: 'equal_power' },
      envelope: [
        { at: seconds(18), gain_db: 0 },
        { at: seconds(24), gain_db: -9 },
        { at: seconds(33), gain_db: -9 },
        { at: seconds(38), gain_db: 2 },
      ],
    }),
    clip(12, 'a2', 'Interview, the answer', seconds(74), seconds(80), seconds(40), {
      fade_out: { length: seconds(4), shape: 'smooth' },
    }),
  ]);
  const rain = track(2, 'Rain on a tin roof', [
    clip(21, 'a3', 'Rain on a tin roof', 0, 0, seconds(120), {
      gain_db: -8,
      fade_in: { length: seconds(6), shape: 'equal_power' },
    }),
    clip(22, 'a3', 'Rain, later', seconds(112), seconds(60), seconds(100), {
      gain_db: -6,
      fade_in: { length: seconds(8), shape: 'equal_power' },
      fade_out: { length: seconds(12), shape: 'linear' },
    }),
  ]);
  const piano = track(3, 'Piano, close', [
    clip(31, 'a5', 'Piano, close', seconds(4), 0, seconds(24)),
    clip(32, 'a5', 'Piano, an idea that was not used', seconds(120), seconds(40), seconds(22), {
      muted: true,
    }),
  ]);
  const bells = track(4, 'Bells', [clip(41, 'a9', 'Harbour bells', seconds(140), 0, seconds(30))]);
  const duck = [point(24, 0), point(32, -14), point(112, -14), point(121, -2)];
  const quieter = { ...rain, automation: [{ parameter: 'gain_db', points: duck }] };
  return [voice, quieter, piano, { ...bells, muted: true }];
}

function point(at_secs: number, value: number) {
  return { at_secs, value };
}

function busy(): Track[] {
  return Array.from({ length: 10 }, (_, t) => {
    const length = HOUR / 200;
    const clips = Array.from({ length: 200 }, (_, i) =>
      clip(
        100 + t * 200 + i,
        sounds[t]?.id ?? 'a1',
        `Take ${i + 1}`,
        i * length,
        i * length,
        length - RATE,
        {
          fade_in: { length: i % 3 === 0 ? RATE * 2 : 0, shape: 'equal_power' },
        },
      ),
    );
    return track(t + 1, `Track ${t + 1}`, clips);
  });
}

function track(id: number, name: string, clips: Clip[]): Track {
  const set = { gain_db: 0, pan: 0, muted: false, soloed: false, effects: { effects: [] } };
  return { id, name, ...set, clips };
}

function clip(
  id: number,
  source: string,
  name: string,
  start: number,
  from: number,
  length: number,
  more: Partial<Clip> = {},
): Clip {
  const none = { length: 0, shape: 'equal_power' as const };
  const plain = { gain_db: 0, fade_in: none, fade_out: none, envelope: [], muted: false };
  return { id, name, source, start, from, length, ...plain, ...more };
}
