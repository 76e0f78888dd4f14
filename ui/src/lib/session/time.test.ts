import { expect, test } from 'vitest';
import { lengthOf, position, samplesOf, secsOf } from './time';

const RATE = 48_000;

test('positions have milliseconds, and hours only where there are some', () => {
  expect(position(0, RATE)).toBe('0:00.000');
  expect(position(1.5 * RATE, RATE)).toBe('0:01.500');
  expect(position(3_723.25 * RATE, RATE)).toBe('1:02:03.250');
  expect(position(-5, RATE)).toBe('0:00.000');
});

test('lengths are said in words', () => {
  expect(lengthOf(3.2 * RATE, RATE)).toBe('3.2 s');
  expect(lengthOf(64 * RATE, RATE)).toBe('1 min 4.0 s');
  expect(lengthOf(59.99 * RATE, RATE)).toBe('1 min 0.0 s');
});

test('seconds and samples turn into each other', () => {
  expect(samplesOf(1.5, RATE)).toBe(72_000);
  expect(secsOf(72_000, RATE)).toBe(1.5);
});
