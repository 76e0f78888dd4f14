// A paper film's cuts and pictures, and what is made of it.

import { StudioError } from '$lib/error';
import type { Json } from '$lib/types';
import { assets } from './data';

type Values = Record<string, Json>;

const FPS = 24;
const FRAMES = 5898;
const CUTS = [0, 611, 1204, 1710, 2466, 3320, 3391, 4507, 5210];
/** Seconds between the paper film's key frames. */
const KEY_SECS = 2;
const TAKES_MS = 1200;

export function paperVideo(scene: string) {
  const made = async (answer: object) => {
    await new Promise((done) => setTimeout(done, TAKES_MS));
    if (scene === 'error') throw broken;
    return { output: { path: '', asset: 'a4' }, warnings: [], ...answer };
  };
  return {
    'video.probe': () => ({
      container: 'mov',
      codec: 'h264',
      width: 1920,
      height: 1080,
      mirrored: false,
      turned_degrees: 0,
      frame_rate: { num: FPS, den: 1 },
      frames: FRAMES,
      duration_secs: FRAMES / FPS,
      bytes: assets[3]?.bytes ?? 0,
      sound: {
        codec: 'aac',
        sample_rate: 48_000,
        channels: 2,
        duration_secs: 245.76,
        copies_into: 'm4a',
      },
    }),
    'video.copy_points': ({ from_secs, to_secs }: Values) => {
      if (scene === 'error') throw broken;
      const start_secs = Math.floor(Number(from_secs ?? 0) / KEY_SECS) * KEY_SECS;
      return { start_secs, end_secs: Number(to_secs ?? FRAMES / FPS) };
    },
    'video.scenes': () =>
      made({
        frame_rate: { num: FPS, den: 1 },
        frames: FRAMES,
        scenes: CUTS.map((start, n) => {
          const end = CUTS[n + 1] ?? FRAMES;
          return {
            start_frame: start,
            end_frame: end,
            start_secs: start / FPS,
            end_secs: end / FPS,
          };
        }),
      }),
    'video.trim': ({ from_secs, to_secs }: Values) =>
      made({
        start_secs: Number(from_secs ?? 0),
        end_secs: Number(to_secs ?? FRAMES / FPS),
        frames: FRAMES,
      }),
    'video.frames': ({ every }: Values) =>
      made({
        pictures: Array.from({ length: Math.ceil(FRAMES / Number(every ?? 600)) }, (_, n) => ({
          path: `/home/you/frame-${n}.jpg`,
          asset: 'a6',
          index: n,
          time_secs: n,
        })),
        width: 1920,
        height: 1080,
      }),
    'video.thumbnails': () => made({ pictures: [], width: 1344, height: 776 }),
    'video.extract_audio': () =>
      made({ sample_rate: 48_000, channels: 2, frames: 11_796_480, copied: true }),
    'video.adjust': () =>
      made({ width: 1920, height: 1080, frames: FRAMES, duration_secs: 245.76 }),
  };
}

const broken = new StudioError({
  code: 'bad_input',
  message: 'Harbour 3.mp4: damaged: no key frame can be found before the asked time',
  hint: 'Copy or download it again.',
});
