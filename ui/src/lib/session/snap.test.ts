import { expect, test } from 'vitest';
import { clip, session, track } from './fixture';
import { snapped, snappedShift, snapTargets } from './snap';

test('edges, markers, regions, the playhead, the range and the start attract', () => {
  const markers = [{ id: 1, name: 'Region', at: 50, length: 25 }];
  const two = session([track(1, clip(11, 100, 100), clip(12, 700, 10))], markers);
  expect(snapTargets(two, new Set([12]), 40, { from: 300, to: 400 })).toEqual([
    ...[0, 40, 50, 75, 100, 200, 300, 400],
  ]);
});

test('the nearest place within reach is taken', () => {
  expect(snapped(105, [0, 100, 120], 8)).toBe(100);
  expect(snapped(112, [0, 100, 120], 8)).toBe(120);
  expect(snapped(109, [0, 100, 120], 8)).toBe(109);
  expect(snapped(109, [], 8)).toBe(109);
});

test('a shift takes the edge that is nearest to a place', () => {
  expect(snappedShift([0, 50], 103, [100, 152], 8)).toBe(102);
  expect(snappedShift([0, 50], 95, [100, 152], 8)).toBe(100);
  expect(snappedShift([0, 50], 120, [100, 152], 8)).toBe(120);
});
