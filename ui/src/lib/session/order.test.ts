import { expect, test } from 'vitest';
import { apply } from './apply';
import { gapAt, intoGap, movedBy } from './order';
import type { Edit, Session, Track } from './types';

const none = { effects: [] };
const tracks = [1, 2, 3, 4].map((id): Track => ({
  ...{ id, name: `${id}`, gain_db: 0, pan: 0, muted: false, soloed: false },
  ...{ effects: none, clips: [] },
}));
const session: Session = {
  ...{ name: 's', rate: 48_000, markers: [], gain_db: 0, effects: none, sources: {}, next_id: 5 },
  tracks,
};
const after = (edits: Edit[]) => apply(session, edits).tracks.map(({ id }) => id);

test('the gap nearest to the pointer takes the track', () => {
  const tops = [0, 96, 264, 360, 456];
  expect(gapAt(-40, tops)).toBe(0);
  expect(gapAt(47, tops)).toBe(0);
  expect(gapAt(49, tops)).toBe(1);
  expect(gapAt(179, tops), 'over the lane of the second track').toBe(1);
  expect(gapAt(181, tops)).toBe(2);
  expect(gapAt(9999, tops)).toBe(4);
});

test('a track lies in the gap where it was dropped, from above and from below', () => {
  expect(after(intoGap(tracks, 1, 3))).toEqual([2, 3, 1, 4]);
  expect(after(intoGap(tracks, 1, 4))).toEqual([2, 3, 4, 1]);
  expect(after(intoGap(tracks, 4, 0))).toEqual([4, 1, 2, 3]);
  expect(after(intoGap(tracks, 3, 1))).toEqual([1, 3, 2, 4]);
});

test('a drop beside itself and a track that is gone change nothing', () => {
  expect(intoGap(tracks, 2, 1)).toEqual([]);
  expect(intoGap(tracks, 2, 2)).toEqual([]);
  expect(intoGap(tracks, 9, 0)).toEqual([]);
});

test('keys move a track by one, and stop at the ends', () => {
  expect(after(movedBy(tracks, 2, 1))).toEqual([1, 3, 2, 4]);
  expect(after(movedBy(tracks, 2, -1))).toEqual([2, 1, 3, 4]);
  expect(movedBy(tracks, 1, -1)).toEqual([]);
  expect(movedBy(tracks, 4, 1)).toEqual([]);
  expect(movedBy(tracks, 9, 1)).toEqual([]);
});
