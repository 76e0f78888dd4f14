import { expect, test } from 'vitest';
import { fadeLength, gainShown, panShown, typedTime } from './typed';

function check(text: string, samples: number | null) {
  expect(typedTime(text, 48_000), text).toBe(samples);
}

test('times are read as they are shown and as people write them', () => {
  check('0:07.250', 348_000);
  check('1:02:03.5', (3600 + 123.5) * 48_000);
  check('7.25', 348_000);
  check(' 7,25 s', 348_000);
  check('250 ms', 12_000);
  check('0', 0);
});

test('what is no time is not guessed', () => {
  ['', 'soon', '-3', '1:2:3:4', '4 m', '1e3'].forEach((text) => check(text, null));
});

test('gains carry their sign, and the lowest is silence', () => {
  expect([0, -6, 3.25, -120].map(gainShown)).toEqual(['0.0 dB', '−6.0 dB', '+3.3 dB', '−∞ dB']);
});

test('pans say their side', () => {
  expect([-0.4, 0, 0.001, 1].map(panShown)).toEqual([
    'left 40 %',
    'centre',
    'centre',
    'right 100 %',
  ]);
});

test('fades are shown to the millisecond', () => {
  expect(fadeLength(60_000, 48_000)).toBe('1.250 s');
});
