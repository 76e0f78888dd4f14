import { beforeEach, expect, test } from 'vitest';
import { UNHEARD } from '../loudness';
import type { Transport } from '../transport';
import type { HeardLoudness, StudioEvent } from '../types';
import { start } from './connection';
import { Playback } from './playback.svelte';
import { toasts } from './toasts.svelte';

const HEARD: HeardLoudness = {
  momentary_lufs: -15.2,
  short_term_lufs: -16.8,
  integrated_lufs: -17.1,
  range_lu: 4.3,
  true_peak_dbtp: -2.4,
};

let opened: number;
let calls: string[];
let tell: (event: StudioEvent) => void;
/** Answers a reset when it is let. */
let reset: Promise<HeardLoudness>;

beforeEach(async () => {
  opened = 0;
  calls = [];
  reset = Promise.resolve(UNHEARD);
  toasts.list = [];
  const frame_rate = { num: 30, den: 1 };
  const answers: Record<string, () => object | Promise<object>> = {
    'player.open': () => ({
      ...{ player: `p${++opened}`, duration_secs: 4, frames: 120, frame_rate },
      ...{ width: 0, height: 0, audio: true, audible: true },
    }),
    'player.reset_meter': async () => ({ loudness: await reset }),
    'player.close': () => ({}),
  };
  await start({
    call: async (operation: string) => {
      calls.push(operation);
      return { kind: 'done', output: await answers[operation]?.() };
    },
    subscribe: async (onEvent: typeof tell) => {
      tell = onEvent;
      return () => undefined;
    },
  } as unknown as Transport);
});

test('the meter follows its own player and no other', async () => {
  const playback = new Playback();
  await playback.open({ path: 'a.wav' });
  expect(playback.loudness).toEqual(UNHEARD);
  tell({ type: 'player.loudness', player: 'another', loudness: HEARD });
  expect(playback.loudness).toEqual(UNHEARD);
  tell({ type: 'player.loudness', player: 'p1', loudness: HEARD });
  expect(playback.loudness).toEqual(HEARD);
});

test('another sound begins unheard', async () => {
  const playback = new Playback();
  await playback.open({ path: 'a.wav' });
  tell({ type: 'player.loudness', player: 'p1', loudness: HEARD });
  await playback.open({ path: 'b.wav' });
  expect(playback.loudness).toEqual(UNHEARD);
  tell({ type: 'player.loudness', player: 'p1', loudness: HEARD });
  expect(playback.loudness).toEqual(UNHEARD);
});

test('a reset shows what the studio answers, unless the player was closed meanwhile', async () => {
  const playback = new Playback();
  await playback.resetMeter();
  expect(calls).toEqual([]);
  await playback.open({ path: 'a.wav' });
  tell({ type: 'player.loudness', player: 'p1', loudness: HEARD });
  await playback.resetMeter();
  expect(calls).toEqual(['player.open', 'player.reset_meter']);
  expect(playback.loudness).toEqual(UNHEARD);

  let answer: (heard: HeardLoudness) => void = () => undefined;
  reset = new Promise((resolve) => (answer = resolve));
  const asked = playback.resetMeter();
  await playback.open({ path: 'b.wav' });
  answer(HEARD);
  await asked;
  expect(playback.loudness).toEqual(UNHEARD);
  expect(toasts.list).toEqual([]);
});
