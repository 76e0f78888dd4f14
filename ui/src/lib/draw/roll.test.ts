import { expect, test } from 'vitest';
import { follow, type Coming } from './roll';

const coming = (beat: number, notes: [number, number][]): Coming => ({
  beat,
  notes: notes.map(([at, beats]) => ({ beat: at, beats, pitch: 60, velocity: 60, part: 'melody' })),
  chords: [{ beat, name: 'Bb' }],
  consistency: 1,
  roughness: null,
});

test('a note that still sounds is kept, what has ended or is told again is not', () => {
  const before = follow(
    null,
    coming(0, [
      [0, 8],
      [1, 1],
      [4, 2],
    ]),
    10,
  );
  const { coming: now, at } = follow(
    before,
    coming(4, [
      [4, 2],
      [6, 1],
    ]),
    20,
  );
  expect(now.notes.map((note) => note.beat)).toEqual([0, 4, 6]);
  expect(now.chords[0]?.name).toBe('B♭');
  expect(at).toBe(20);
});
