import { expect, test } from 'vitest';
import { apply, nextId } from './apply';
import { clip, laid, session, track } from './fixture';

const two = session([
  track(1, clip(11, 0, 1000), clip(12, 2000, 500)),
  track(2, clip(21, 500, 500)),
]);

test('no edit changes the session that it was given', () => {
  const before = structuredClone(two);
  apply(two, [
    { edit: 'move_clips', clips: [11, 21], by: 100 },
    { edit: 'split', at: 600 },
    { edit: 'cut_range', from: 100, to: 300, ripple: true },
    { edit: 'set_marker', name: 'Here', at: 10 },
  ]);
  expect(two).toEqual(before);
});

test('curves go to their track, or without one to the mix', () => {
  const automation = [{ parameter: 'gain_db', points: [{ at_secs: 1, value: -6 }] }];
  const after = apply(two, [
    { edit: 'set_automation', track: 2, automation },
    { edit: 'set_automation', automation: [] },
  ]);
  expect(after.tracks.map((track) => track.automation)).toEqual([undefined, automation]);
  expect(after.automation).toEqual([]);
});

test('clips move in time and over tracks and stay in order', () => {
  const moved = apply(two, [{ edit: 'move_clips', clips: [21], by: 1000, tracks: -1 }]);
  expect(laid(moved)).toEqual(['11@0+1000 21@1500+500 12@2000+500', '']);
});

test('copies get new ids, and the originals stay', () => {
  const copied = apply(two, [{ edit: 'move_clips', clips: [11, 21], by: 3000, copy: true }]);
  expect(laid(copied)).toEqual(['11@0+1000 12@2000+500 100@3000+1000', '21@500+500 101@3500+500']);
});

test('removing with ripple closes the gap on that track alone', () => {
  const cut = apply(two, [{ edit: 'remove_clips', clips: [11], ripple: true }]);
  expect(laid(cut)).toEqual(['12@1000+500', '21@500+500']);
  expect(laid(apply(two, [{ edit: 'remove_clips', clips: [11] }]))[0]).toBe('12@2000+500');
});

test('ripple leaves a clip that overlaps the removed one where it is', () => {
  const overlapping = session([track(1, clip(1, 0, 1000), clip(2, 900, 500), clip(3, 2000, 10))]);
  const cut = apply(overlapping, [{ edit: 'remove_clips', clips: [1], ripple: true }]);
  expect(laid(cut)).toEqual(['2@900+500 3@1000+10']);
});

test('a split keeps the sound: the right half begins where the left one ends in the source', () => {
  const faded = clip(11, 1000, 1000, {
    from: 50,
    fade_in: { length: 100, shape: 'linear' },
    fade_out: { length: 200, shape: 'smooth' },
  });
  const [left, right] =
    apply(session([track(1, faded)]), [{ edit: 'split', at: 1300 }]).tracks[0]?.clips ?? [];
  expect(left).toMatchObject({ id: 11, start: 1000, from: 50, length: 300 });
  expect(right).toMatchObject({ id: 100, start: 1300, from: 350, length: 700 });
  expect([left?.fade_in.length, left?.fade_out.length]).toEqual([100, 0]);
  expect([right?.fade_in.length, right?.fade_out.length]).toEqual([0, 200]);
});

test('a split of named clips leaves the others whole', () => {
  expect(laid(apply(two, [{ edit: 'split', at: 600, clips: [21] }]))).toEqual([
    '11@0+1000 12@2000+500',
    '21@500+100 100@600+400',
  ]);
});

test('a range is cut out of the middle of a clip', () => {
  const cleared = apply(two, [{ edit: 'cut_range', from: 200, to: 400, tracks: [1] }]);
  expect(laid(cleared)).toEqual(['11@0+200 100@400+600 12@2000+500', '21@500+500']);
});

test('with ripple what follows moves up, markers too where all tracks are meant', () => {
  const markers = [
    { id: 1, name: 'Before', at: 100, length: 0 },
    { id: 2, name: 'Within', at: 300, length: 0 },
    { id: 3, name: 'Across', at: 100, length: 1000 },
    { id: 4, name: 'After', at: 2000, length: 0 },
  ];
  const marked = { ...two, markers };
  const cut = apply(marked, [{ edit: 'cut_range', from: 200, to: 400, ripple: true }]);
  expect(laid(cut)).toEqual(['11@0+200 100@200+600 12@1800+500', '21@300+500']);
  expect(cut.markers.map(({ at, length }) => [at, length])).toEqual([
    [100, 0],
    [200, 0],
    [100, 800],
    [1800, 0],
  ]);
  const one = apply(marked, [{ edit: 'cut_range', from: 200, to: 400, tracks: [1], ripple: true }]);
  expect(one.markers).toEqual(markers);
});

test('silence opens a gap, and a region across it grows', () => {
  const markers = [
    { id: 1, name: 'Region', at: 100, length: 1000 },
    { id: 2, name: 'There', at: 600, length: 0 },
    { id: 3, name: 'After', at: 700, length: 20 },
  ];
  const opened = apply({ ...two, markers }, [{ edit: 'insert_silence', at: 600, length: 50 }]);
  expect(laid(opened)).toEqual(['11@0+600 100@650+400 12@2050+500', '21@500+100 101@650+400']);
  expect(opened.markers.map(({ at, length }) => [at, length])).toEqual([
    [100, 1050],
    [650, 0],
    [750, 20],
  ]);
});

test('a trim moves an edge and leaves the sound where it is', () => {
  const trimmed = apply(two, [{ edit: 'trim_clip', clip: 12, start: 2100, end: 2600 }]);
  expect(trimmed.tracks[0]?.clips[1]).toMatchObject({ start: 2100, from: 100, length: 500 });
});

test('a slip moves the sound and leaves the edges where they are', () => {
  const slipped = apply(session([track(1, clip(1, 0, 100, { from: 500 }))]), [
    { edit: 'slip_clip', clip: 1, by: 200 },
  ]);
  expect(slipped.tracks[0]?.clips[0]).toMatchObject({ start: 0, from: 300, length: 100 });
});

test('tracks are added, moved, changed and removed', () => {
  const changed = apply(two, [
    { edit: 'add_track', name: 'Third', index: 0 },
    { edit: 'move_track', track: 2, index: 1 },
    { edit: 'set_track', track: 1, muted: true, gain_db: -3 },
  ]);
  expect(changed.tracks.map(({ id }) => id)).toEqual([100, 2, 1]);
  expect(changed.tracks[2]).toMatchObject({ name: 'Track 1', muted: true, gain_db: -3 });
  expect(apply(changed, [{ edit: 'remove_track', track: 1 }]).tracks).toHaveLength(2);
});

test('a marker is set, moved by its id, kept in order, and removed', () => {
  const set = apply(two, [
    { edit: 'set_marker', name: 'Later', at: 900 },
    { edit: 'set_marker', name: 'Sooner', at: 100, length: 50 },
  ]);
  expect(set.markers.map(({ name }) => name)).toEqual(['Sooner', 'Later']);
  const moved = apply(set, [{ edit: 'set_marker', marker: 100, name: 'Later', at: 10 }]);
  expect(moved.markers.map(({ id, at }) => [id, at])).toEqual([
    [100, 10],
    [101, 100],
  ]);
  expect(apply(moved, [{ edit: 'remove_marker', marker: 100 }]).markers).toHaveLength(1);
});

test('a track that a step adds can take clips of the same step', () => {
  const [, , added] = apply(two, [
    { edit: 'add_track' },
    { edit: 'add_clips', clips: [{ track: 100, source: 'tone', start: 7, from: 4000 }] },
  ]).tracks;
  expect(added?.clips[0]).toMatchObject({ start: 7, from: 4000, length: 6000 });
});

test('an id is never used again, even after the last one is gone', () => {
  expect(nextId(two)).toBe(100);
  expect(nextId({ ...two, next_id: 1 })).toBe(22);
});
