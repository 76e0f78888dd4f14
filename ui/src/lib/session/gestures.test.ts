import { expect, test } from 'vitest';
import { clip, session, track } from './fixture';
import { dragEdits, sourceSample, trim, type Grab } from './gestures';
import type { Edit } from './types';

const short = clip(11, 1000, 500, { from: 200 });
const two = session([track(1, short, clip(12, 3000, 500)), track(2), track(3)]);
const still = { copy: false, reach: 0 };
const move: Grab = { kind: 'move', clips: [11], at: 1100, track: 0 };

function dragged(grab: Grab, at: number, more: { track?: number; gain_db?: number } = {}): Edit[] {
  return dragEdits(two, grab, { at, track: 0, gain_db: 0, ...more }, [], still);
}

test('a clip follows the pointer in time and over tracks', () => {
  expect(dragged(move, 1350, { track: 2 })).toEqual([
    { edit: 'move_clips', clips: [11], by: 250, tracks: 2 },
  ]);
});

test('a clip stops at the start and at the last track', () => {
  expect(dragged(move, -9000, { track: 9 })).toEqual([
    { edit: 'move_clips', clips: [11], by: -1000, tracks: 2 },
  ]);
});

test('a drag that comes back changes nothing', () => {
  expect(dragged(move, 1100)).toEqual([]);
});

test('several clips move together, as far as the first of them can', () => {
  const grab: Grab = { ...move, clips: [11, 12] };
  expect(dragged(grab, 0)).toEqual([{ edit: 'move_clips', clips: [11, 12], by: -1000, tracks: 0 }]);
});

test('with the modifier a copy is put there', () => {
  const [edit] = dragEdits(two, move, { at: 1200, track: 0, gain_db: 0 }, [], {
    ...still,
    copy: true,
  });
  expect(edit).toMatchObject({ edit: 'move_clips', by: 100, copy: true });
});

test('whichever edge is nearer to a place snaps', () => {
  const snap = { copy: false, reach: 20 };
  const [byStart] = dragEdits(two, move, { at: 1890, track: 0, gain_db: 0 }, [1800], snap);
  expect(byStart).toMatchObject({ by: 800 });
  const [byEnd] = dragEdits(two, move, { at: 1890, track: 0, gain_db: 0 }, [2285], snap);
  expect(byEnd).toMatchObject({ by: 785 });
});

test('an edge is trimmed as far as the source reaches, and leaves a sample', () => {
  const start: Grab = { kind: 'start', clip: short, at: 1000 };
  expect(dragged(start, 1100)).toEqual([{ edit: 'trim_clip', clip: 11, start: 1100, end: 1500 }]);
  expect(dragged(start, 0)).toEqual([{ edit: 'trim_clip', clip: 11, start: 800, end: 1500 }]);
  expect(dragged(start, 9000)).toEqual([{ edit: 'trim_clip', clip: 11, start: 1499, end: 1500 }]);
  const end: Grab = { kind: 'end', clip: short, at: 1500 };
  expect(dragged(end, 99_000)).toEqual([{ edit: 'trim_clip', clip: 11, start: 1000, end: 10_800 }]);
  expect(dragged(end, 0)).toEqual([{ edit: 'trim_clip', clip: 11, start: 1000, end: 1001 }]);
});

test('an edge keeps the distance to the pointer that it was grabbed with', () => {
  const grab: Grab = { kind: 'start', clip: short, at: 1004 };
  expect(dragged(grab, 1054)).toEqual([{ edit: 'trim_clip', clip: 11, start: 1050, end: 1500 }]);
});

test('a trim to where the edge is already is none', () => {
  expect(trim(two, short, 'start', 1000)).toEqual([]);
  expect(trim(two, short, 'end', 1500)).toEqual([]);
});

test('the fades of a clip never overlap and keep their shape', () => {
  const faded = { ...short, fade_out: { length: 200, shape: 'smooth' as const } };
  const fadeIn: Grab = { kind: 'fade_in', clip: faded, at: 1000 };
  expect(dragged(fadeIn, 1100)).toEqual([
    { edit: 'set_clip', clip: 11, fade_in: { length: 100, shape: 'equal_power' } },
  ]);
  expect(dragged(fadeIn, 9000)).toMatchObject([{ fade_in: { length: 300 } }]);
  const fadeOut: Grab = { kind: 'fade_out', clip: faded, at: 1300 };
  expect(dragged(fadeOut, 1450)).toEqual([
    { edit: 'set_clip', clip: 11, fade_out: { length: 50, shape: 'smooth' } },
  ]);
  expect(dragged(fadeOut, 1900)).toMatchObject([{ fade_out: { length: 0 } }]);
});

test('a point of the envelope stays in its clip and may pass its neighbours', () => {
  const envelope = [
    { at: 300, gain_db: 0 },
    { at: 400, gain_db: -6 },
  ];
  const grab: Grab = { kind: 'point', clip: { ...short, envelope }, index: 0 };
  expect(dragged(grab, 1250, { gain_db: -3 })).toEqual([
    {
      edit: 'set_clip',
      clip: 11,
      envelope: [
        { at: 400, gain_db: -6 },
        { at: 450, gain_db: -3 },
      ],
    },
  ]);
  expect(dragged(grab, 0, { gain_db: 2 })).toMatchObject([
    { envelope: [{ at: 200, gain_db: 2 }, { at: 400 }] },
  ]);
});

test('a place of the track is a sample of the source', () => {
  expect(sourceSample(short, 1100)).toBe(300);
  expect(sourceSample(short, 5000)).toBe(699);
});
