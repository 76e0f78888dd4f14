import { expect, test } from 'vitest';
import { copyTold } from './copyTold';

const RATE = { num: 24, den: 1 };
const told = (start_secs: number, end_secs: number) =>
  copyTold({ start_secs, end_secs }, { from: 31, to: 77 }, RATE, 120);

test('a copy that begins early says by how much', () => {
  expect(told(1, 77 / 24)).toBe(
    'The copy begins at 00:00:01:00, 7 frames before the in point: a key frame is there. It ends at the out point.',
  );
  expect(told(30 / 24, 79 / 24)).toBe(
    'The copy begins at 00:00:01:06, 1 frame before the in point: a key frame is there. ' +
      'It ends at 00:00:03:07, 2 frames after the out point.',
  );
});

test('a copy at a key frame is as asked', () => {
  expect(told(31 / 24, 77 / 24)).toBe(
    'The copy begins at the in point: a key frame is there. It ends at the out point.',
  );
});
