import { expect, test } from 'vitest';
import { moments, pictureWidth, share } from './strip';

test('a strip shows the middles of equal stretches', () => {
  expect(moments(400, 50, 2, 8)).toEqual([1, 3, 5, 7]);
  expect(moments(401, 50, 2, 8)).toHaveLength(5);
  expect(moments(9000, 50, 0.5, 8)).toHaveLength(40);
  expect(moments(0, 50, 2, 8)).toEqual([]);
});

test('pictures are as wide as the screen needs, in steps', () => {
  expect(pictureWidth(60, 16 / 9, 1)).toBe(128);
  expect(pictureWidth(60, 16 / 9, 2)).toBe(224);
});

test('a place is a share of the strip', () => {
  expect(share(25, 100)).toBe(25);
  expect(share(120, 100)).toBe(100);
});
