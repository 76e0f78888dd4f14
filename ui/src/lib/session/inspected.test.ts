import { expect, test } from 'vitest';
import { apply } from './apply';
import { common, lasting, raised, setAll, startingAt, stretchOf, withFade } from './inspected';
import { paperSession } from '../../mock/session';

const session = paperSession('full');
const clips = session.tracks[0]?.clips ?? [];
const [first, second] = clips;

test('a value is shown where all clips have it', () => {
  expect(common(clips, ({ source }) => source)).toBe('a2');
  expect(common(clips, ({ name }) => name)).toBe(null);
  expect(common([], ({ name }) => name)).toBe(null);
});

test('a change of all is one edit for each', () => {
  expect(setAll(clips, () => ({ gain_db: -3 }))).toEqual([
    { edit: 'set_clip', clip: 11, gain_db: -3 },
    { edit: 'set_clip', clip: 12, gain_db: -3 },
  ]);
});

test('clips that get louder together keep their differences, within the range of gains', () => {
  const [loud, soft] = clips.map((clip, i) => ({ ...clip, gain_db: i === 0 ? 20 : -3 }));
  if (!loud || !soft) throw new Error('the paper session has two clips on its first track');
  expect(raised([loud, soft], 1.5)).toEqual([
    { edit: 'set_clip', clip: 11, gain_db: 21.5 },
    { edit: 'set_clip', clip: 12, gain_db: -1.5 },
  ]);
  expect(raised([loud], 30)).toEqual([{ edit: 'set_clip', clip: 11, gain_db: 24 }]);
  expect(raised([soft], -200)).toEqual([{ edit: 'set_clip', clip: 12, gain_db: -120 }]);
});

test('a fade keeps its shape when its length changes, and ends where the other begins', () => {
  if (!second) throw new Error('the paper session has two clips on its first track');
  const after = apply(session, withFade([second], 'fade_in', { length: 1e12 }));
  const clip = after.tracks[0]?.clips[1];
  expect(clip?.fade_in.shape).toBe(second.fade_in.shape);
  expect(clip?.fade_in.length).toBe(second.length - second.fade_out.length);
});

test('clips that are moved by their start keep their distances', () => {
  const after = apply(session, startingAt(clips, 0));
  const starts = after.tracks[0]?.clips.map(({ start }) => start);
  expect(starts).toEqual([0, (second?.start ?? 0) - (first?.start ?? 0)]);
  expect(startingAt(clips, first?.start ?? 0)).toEqual([]);
});

test('a clip lasts no longer than its source', () => {
  if (!first) throw new Error('the paper session has a clip on its first track');
  const end = first.start + 500 - first.from;
  expect(lasting({ ...first, from: 0 }, 9000, 500)).toEqual([
    { edit: 'trim_clip', clip: 11, start: first.start, end: end + first.from },
  ]);
  expect(lasting(first, first.length, 1e12)).toEqual([]);
});

test('selected clips span from the first to the last', () => {
  const end = (second?.start ?? 0) + (second?.length ?? 0);
  expect(stretchOf(clips)).toBe(end - (first?.start ?? 0));
  expect(stretchOf([])).toBe(0);
});
