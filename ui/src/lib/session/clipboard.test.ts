import { expect, test } from 'vitest';
import { copied, pasted } from './clipboard';
import { clip, session, track } from './fixture';

const two = session([
  track(1, clip(11, 500, 100, { fade_in: { length: 20, shape: 'smooth' } })),
  track(2, clip(21, 700, 100, { from: 40, envelope: [{ at: 50, gain_db: -3 }] })),
]);

test('clips are pasted with their distances in time and tracks', () => {
  const what = copied('p', two, new Set([11, 21]));
  expect(what).not.toBeNull();
  if (!what) return;
  const clips = pasted(two, what, 2000, 0);
  expect(clips.map(({ track: on, start, name }) => [on, start, name])).toEqual([
    [1, 2000, 'Clip 11'],
    [2, 2200, 'Clip 21'],
  ]);
  expect(clips[0]).toMatchObject({ fade_in: { length: 20, shape: 'smooth' } });
  expect(clips[1]).toMatchObject({ from: 40, envelope: [{ at: 50, gain_db: -3 }] });
});

test('what would fall below the last track lands on it', () => {
  const what = copied('p', two, new Set([11, 21]));
  const clips = what ? pasted(two, what, 0, 1) : [];
  expect(clips.map(({ track: on }) => on)).toEqual([2, 2]);
});

test('another rate and another project: places are scaled and sources renamed', () => {
  const what = copied('p', two, new Set([21]));
  const faster = { ...two, rate: two.rate * 2 };
  const clips = what ? pasted(faster, what, 10, 0, new Map([['tone', 'own']])) : [];
  expect(clips).toMatchObject([
    { source: 'own', start: 10, from: 80, length: 200, envelope: [{ at: 100, gain_db: -3 }] },
  ]);
});

test('nothing selected is nothing copied', () => {
  expect(copied('p', two, new Set())).toBeNull();
});
