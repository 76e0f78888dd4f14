import { afterEach, expect, test, vi } from 'vitest';
import { fadeGain, SleepTimer } from './sleep';

afterEach(() => vi.useRealTimers());

test('the fade falls from full to nothing', () => {
  expect(fadeGain(61, 60)).toBe(1);
  expect(fadeGain(30, 60)).toBeCloseTo(0.5);
  expect(fadeGain(0, 60)).toBe(0);
});

test('the timer counts down, fades in the second half at most, and can be stopped', () => {
  vi.useFakeTimers();
  const told: [number, number][] = [];
  const timer = new SleepTimer();
  timer.start(4, (left, gain) => told.push([left, gain]));
  vi.advanceTimersByTime(4000);
  expect(told.map(([left]) => left)).toEqual([3, 2, 1, 0]);
  expect(told[0]?.[1]).toBe(1);
  expect(told[2]?.[1]).toBeCloseTo(0.5);
  timer.stop();
  vi.advanceTimersByTime(4000);
  expect(told).toHaveLength(4);
});
