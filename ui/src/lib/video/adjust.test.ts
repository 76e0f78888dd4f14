import { expect, test } from 'vitest';
import { changes, lookOf, NEUTRAL, sizes } from './adjust';

test('only what was changed is asked for', () => {
  expect(changes(NEUTRAL)).toBeNull();
  expect(changes({ ...NEUTRAL, speed: 2, stabilise: true })).toEqual({ speed: 2, stabilise: true });
  expect(changes({ ...NEUTRAL, height: 720 })).toEqual({ height: 720 });
});

test('a picture is previewed only where it looks different', () => {
  expect(lookOf({ ...NEUTRAL, speed: 2, height: 480 })).toBeNull();
  expect(lookOf({ ...NEUTRAL, gamma: 1.5 })).toEqual({
    brightness: 0,
    contrast: 1,
    saturation: 1,
    gamma: 1.5,
  });
});

test('sizes keep the proportions in even pixels', () => {
  const of = (width: number, height: number) => sizes(width, height).map(({ label }) => label);
  expect(of(1920, 1080)).toContain('1280 × 720');
  expect(of(1920, 1080)).not.toContain('1920 × 1080');
  expect(of(1080, 1920)).toContain('406 × 720');
});
