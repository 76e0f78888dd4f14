import { expect, test } from 'vitest';
import { typedSeconds, typedTimes } from './times';

test('times are read as timecode, clock and seconds', () => {
  expect(typedSeconds('00:00:07:12', 24)).toBe(7.5);
  expect(typedSeconds(' 1:02.5 ', 24)).toBe(62.5);
  expect(typedSeconds('2,25', 24)).toBe(2.25);
  expect(typedSeconds('250 ms', 24)).toBe(0.25);
  // Non-drop: frames are counted by 30, and each lasts 1001/30000 s.
  expect(typedSeconds('00:00:01:00', 30_000 / 1001)).toBeCloseTo(1.001, 9);
  expect(typedSeconds('soon', 24)).toBeNull();
});

test('a list of times is read or told what is wrong', () => {
  expect(typedTimes('0:01, 2.5; 00:00:03:06\n4', 24, 10)).toEqual({ times: [1, 2.5, 3.25, 4] });
  expect(typedTimes('1 late', 24, 10)).toEqual({
    error: '“late” is no time. Type times such as 0:01.5 or 12.',
  });
  expect(typedTimes('12', 24, 10)).toEqual({ error: '12 is past the end of the film.' });
  expect(typedTimes('  ', 24, 10)).toHaveProperty('error');
});
