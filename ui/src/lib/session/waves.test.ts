import { expect, test } from 'vitest';
import { bestLevel, levelFor, stretchAt, STRETCH_FRAMES } from './waves';

test('the level has at least one peak a pixel, where there is one', () => {
  expect(levelFor(1)).toBe(256);
  expect(levelFor(256)).toBe(256);
  expect(levelFor(1023)).toBe(256);
  expect(levelFor(1024)).toBe(1024);
  expect(levelFor(50_000)).toBe(16_384);
});

test('until the level is read the nearest one stands in, but none that is much too fine', () => {
  expect(bestLevel(1024, [256, 4096, 1024])).toBe(1024);
  expect(bestLevel(1024, [256, 65_536])).toBe(256);
  expect(bestLevel(65_536, [256])).toBeNull();
  expect(bestLevel(1024, [])).toBeNull();
});

test('from near, samples are read in stretches that hold a screen', () => {
  expect(stretchAt(1e6, 32)).toBeNull();
  for (const from of [0, 131_071, 131_072, 1e6]) {
    const begin = stretchAt(from, 31) ?? Infinity;
    expect(begin).toBeLessThanOrEqual(from);
    expect(begin + STRETCH_FRAMES).toBeGreaterThan(from + 31 * 4000);
  }
  expect(stretchAt(-5, 1)).toBe(0);
});
