import { expect, test } from 'vitest';
import { Jitter, LEAST_MS, MOST_MS, pause, speedFor } from './jitter';

test('an even stream waits as little as may be, an uneven one as long as its latest chunk', () => {
  const jitter = new Jitter();
  expect(jitter.target).toBe(LEAST_MS);
  for (let at = 0; at < 100; at += 1) jitter.came(at * 100, 5_000_000 + at * 100);
  expect(jitter.target).toBe(LEAST_MS);
  jitter.came(10_000, 5_000_000 + 10_160);
  expect(jitter.target).toBe(200);
  jitter.came(10_100, 5_000_000 + 30_000);
  expect(jitter.target).toBe(MOST_MS);
  jitter.reset();
  expect(jitter.target).toBe(LEAST_MS);
});

test('what was late long ago is forgotten', () => {
  const jitter = new Jitter();
  jitter.came(0, 300);
  for (let at = 1; at <= 700; at += 1) jitter.came(at * 100, at * 100);
  expect(jitter.target).toBe(LEAST_MS);
});

test('a drift is made good slowly, whichever way', () => {
  expect(speedFor(100, 100)).toBe(1);
  expect(speedFor(110, 100)).toBeCloseTo(1.001, 9);
  expect(speedFor(90, 100)).toBeCloseTo(0.999, 9);
  expect(speedFor(5000, 100)).toBe(1.005);
});

test('pauses double up to five seconds and are never the same for all', () => {
  expect([0, 1, 2, 9].map((tries) => pause(tries, 1))).toEqual([100, 200, 400, 5000]);
  expect(pause(9, 0)).toBe(2500);
});
