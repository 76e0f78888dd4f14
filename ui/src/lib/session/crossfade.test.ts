import { expect, test } from 'vitest';
import { withCrossfades } from './crossfade';
import type { Clip } from './types';

function clip(id: number, start: number, length: number, more: Partial<Clip> = {}): Clip {
  const fade = { length: 0, shape: 'linear' as const };
  const plain = { gain_db: 0, fade_in: fade, fade_out: fade, envelope: [], muted: false };
  return { id, name: '', source: 'a', start, from: 0, length, ...plain, ...more };
}

const lengths = (clips: Clip[]) =>
  withCrossfades(clips).map(({ fade_in, fade_out }) => [fade_in.length, fade_out.length]);

test('the end of one and the start of the next cross-fade over their overlap', () => {
  expect(lengths([clip(1, 0, 100), clip(2, 70, 100), clip(3, 170, 10)])).toEqual([
    [0, 30],
    [30, 0],
    [0, 0],
  ]);
});

test('a longer fade of its own stays', () => {
  const own = { fade_out: { length: 50, shape: 'linear' as const } };
  expect(withCrossfades([clip(1, 0, 100, own), clip(2, 70, 100)])[0]?.fade_out).toEqual(
    own.fade_out,
  );
});

test('a clip within another is mixed with it, and a muted one overlaps nothing', () => {
  expect(lengths([clip(1, 0, 100), clip(2, 20, 30)])).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(lengths([clip(1, 0, 100), clip(2, 70, 100, { muted: true })])).toEqual([
    [0, 0],
    [0, 0],
  ]);
});
