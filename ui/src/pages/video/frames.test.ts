import { expect, test } from 'vitest';
import { planOf, type FramesFacts, type FramesWish } from './frames';

const facts: FramesFacts = { frames: 240, fps: 24, duration: 10, cuts: null, detector: 'adaptive' };
const plain: FramesWish = {
  which: 'every',
  every: '24',
  times: '',
  count: '16',
  format: 'jpeg',
  width: '',
  place: 'project',
  folder: '',
};
const plan = (wish: Partial<FramesWish>, more: Partial<FramesFacts> = {}) =>
  planOf({ ...plain, ...wish }, { ...facts, ...more });

test('each choice is asked for in its own way', () => {
  expect(plan({})).toEqual({
    sheet: false,
    input: { every: 24, format: 'jpeg', limit: 200 },
    pictures: 10,
  });
  expect(plan({ which: 'times', times: '1 2.5', width: '640' })).toMatchObject({
    input: { times_secs: [1, 2.5], width: 640 },
    pictures: 2,
  });
  expect(plan({ which: 'scenes' })).toMatchObject({
    input: { at_scenes: 'adaptive' },
    pictures: null,
  });
  expect(plan({ which: 'scenes' }, { cuts: 4 })).toMatchObject({ pictures: 5 });
  expect(plan({ which: 'sheet', format: 'png' })).toEqual({
    sheet: true,
    input: { count: 16, format: 'png' },
    pictures: 16,
  });
});

test('many pictures want a folder', () => {
  expect(plan({ every: '1' })).toMatchObject({ field: null });
  expect(plan({ every: '1', place: 'folder' })).toMatchObject({ field: 'folder' });
  expect(plan({ every: '1', place: 'folder', folder: ' /tmp/frames ' })).toMatchObject({
    input: { every: 1, output_folder: '/tmp/frames', limit: 100_000 },
    pictures: 240,
  });
});

test('what cannot be read is told at its field', () => {
  expect(plan({ every: '0' })).toMatchObject({ field: 'every' });
  expect(plan({ every: '1.5' })).toEqual({ error: 'This must be a whole number.', field: 'every' });
  expect(plan({ which: 'times', times: '99' })).toMatchObject({ field: 'times' });
  expect(plan({ which: 'sheet', count: '500' })).toMatchObject({ field: 'count' });
});
