import { expect, test } from 'vitest';
import { dragged, isWhole, nextCut, rangeInput, snapped, whole, withIn, withOut } from './range';

const FRAMES = 100;
const RATE = { num: 25, den: 1 };

test('an in point keeps the out point, unless it lies behind it', () => {
  expect(withIn({ from: 0, to: 50 }, 20, FRAMES)).toEqual({ from: 20, to: 50 });
  expect(withIn({ from: 0, to: 50 }, 50, FRAMES)).toEqual({ from: 50, to: 100 });
  expect(withIn(whole(FRAMES), 400, FRAMES)).toEqual({ from: 99, to: 100 });
});

test('an out point keeps the in point, unless it lies before it', () => {
  expect(withOut({ from: 20, to: 100 }, 50, FRAMES)).toEqual({ from: 20, to: 50 });
  expect(withOut({ from: 20, to: 100 }, 20, FRAMES)).toEqual({ from: 0, to: 20 });
  expect(withOut(whole(FRAMES), -3, FRAMES)).toEqual({ from: 0, to: 1 });
});

test('handles do not pass each other', () => {
  expect(dragged({ from: 20, to: 50 }, 'in', 70, FRAMES)).toEqual({ from: 49, to: 50 });
  expect(dragged({ from: 20, to: 50 }, 'out', 3, FRAMES)).toEqual({ from: 20, to: 21 });
  expect(dragged({ from: 20, to: 50 }, 'out', 700, FRAMES)).toEqual({ from: 20, to: 100 });
});

test('a handle snaps to the nearest within reach', () => {
  expect(snapped(48, [10, 46, 50], 3)).toBe(50);
  expect(snapped(47, [10, 46, 50], 3)).toBe(46);
  expect(snapped(30, [10, 46, 50], 3)).toBe(30);
});

test('edges of the film are not named', () => {
  expect(rangeInput(whole(FRAMES), RATE, FRAMES)).toEqual({});
  expect(rangeInput({ from: 25, to: 100 }, RATE, FRAMES)).toEqual({ from_secs: 1 });
  expect(rangeInput({ from: 0, to: 50 }, RATE, FRAMES)).toEqual({ to_secs: 2 });
  expect(isWhole(whole(FRAMES), FRAMES)).toBe(true);
  expect(isWhole({ from: 1, to: 100 }, FRAMES)).toBe(false);
});

test('cuts are walked in both directions, up to the ends', () => {
  expect(nextCut([30, 60], 30, 1, FRAMES)).toBe(60);
  expect(nextCut([30, 60], 30, -1, FRAMES)).toBe(0);
  expect(nextCut([30, 60], 61, 1, FRAMES)).toBe(99);
  expect(nextCut([30, 60], 61, -1, FRAMES)).toBe(60);
});
