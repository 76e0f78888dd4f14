import { expect, test } from 'vitest';
import told from '../../mock/effects.json';
import { slotOf } from '../effects/chain';
import type { EffectKind } from '../types';
import { apply } from './apply';
import {
  automated,
  firstAfter,
  isFollowed,
  keyOf,
  lanesOf,
  ownerOf,
  valueAt,
  VOLUME,
  withBypass,
  withMoved,
  withoutPoint,
  withPoint,
  type Owner,
} from './automation';
import { session, track } from './fixture';
import type { Automation, Chain, Curve } from './types';

const kinds = told.effects as unknown as EffectKind[];
const chain: Chain = {
  effects: ['compressor', 'equalizer'].map((name) => {
    const kind = kinds.find((each) => each.name === name);
    if (!kind) throw new Error(`the paper studio has no ${name}`);
    return slotOf(kind);
  }),
};
const before = session([{ ...track(1), effects: chain, gain_db: -3, pan: 0.5 }]);
const owner = ownerOf(before, 1) as Owner;

function curve(points: [number, number][], curve: Curve = 'linear'): Automation {
  return {
    parameter: 'gain_db',
    curve,
    points: points.map(([at_secs, value]) => ({ at_secs, value })),
  };
}

test('volume and pan come first, then every number of the effects that can move', () => {
  const lanes = lanesOf(owner, kinds);
  expect(lanes.slice(0, 2).map(({ title, set }) => [title, set])).toEqual([
    ['Volume', -3],
    ['Pan', 0.5],
  ]);
  const groups = new Set(lanes.map(({ group }) => group));
  expect([...groups]).toEqual(['Track', '1 Compressor', '2 Equaliser']);
  const threshold = lanes.find(({ target }) => keyOf(target) === '0:threshold_db');
  expect(threshold).toMatchObject({ title: 'Threshold', knob: { unit: 'dB' } });
  const bands = lanes.filter(({ target }) => /frequency/.test(target.parameter));
  const count = (Object.values(chain.effects[1]?.effect ?? {})[0] as { bands: [] }).bands.length;
  expect(bands.map(({ title }) => title)).toHaveLength(count);
  expect(bands[0]?.title).toBe('Band 1: Frequency');
  expect(lanes.some(({ knob }) => knob.fixed)).toBe(false);
  expect(new Set(lanes.map(({ target }) => keyOf(target))).size).toBe(lanes.length);
});

test('the mix has a volume and no pan', () => {
  const mix = ownerOf(before, null) as Owner;
  expect(lanesOf(mix, kinds).map(({ title }) => title)).toEqual(['Volume']);
  expect(ownerOf(before, 99)).toBeNull();
});

test('a curve of the track, of an effect and of the mix come where they belong', () => {
  const line = curve([[0, -6]]);
  const of = (edit: ReturnType<typeof automated>) => apply(before, [edit]);
  expect(of(automated(owner, VOLUME, line)).tracks[0]?.automation).toEqual([line]);
  const mix = ownerOf(before, null) as Owner;
  expect(of(automated(mix, VOLUME, line)).automation).toEqual([line]);
  const target = { effect: 0, parameter: 'threshold_db' };
  const moved = { ...line, parameter: 'threshold_db' };
  const after = of(automated(owner, target, moved));
  expect(after.tracks[0]?.effects.effects[0]?.automation).toEqual([moved]);
  const again = ownerOf(after, 1) as Owner;
  const lane = lanesOf(again, kinds).find((each) => keyOf(each.target) === keyOf(target));
  expect(lane?.automation).toEqual(moved);
  const removed = apply(after, [automated(again, target, null)]);
  expect(removed.tracks[0]?.effects.effects[0]?.automation).toEqual([]);
});

test('another curve takes the place of the one before, beside those of other numbers', () => {
  const pan = { ...curve([[0, 1]]), parameter: 'pan' };
  const both = { ...owner, automation: [curve([[0, 0]]), pan] };
  const next = curve([[0, -9]]);
  expect(automated(both, VOLUME, next)).toMatchObject({ track: 1, automation: [next, pan] });
});

test('a value lies on the line, or stays until the next point', () => {
  const points: [number, number][] = [
    [1, 0],
    [3, -10],
    [3, -20],
  ];
  const values = (way: Curve) => [0, 1, 2, 3, 9].map((secs) => valueAt(curve(points, way), secs));
  expect(values('linear')).toEqual([0, 0, -5, -20, -20]);
  expect(values('hold')).toEqual([0, 0, 0, -20, -20]);
});

test('a value of a long curve is found in few steps', () => {
  let reads = 0;
  const list = Array.from({ length: 10_000 }, (_, at) => ({
    get at_secs() {
      reads += 1;
      return at;
    },
    value: at,
  }));
  expect(firstAfter(list, 7_654.5)).toBe(7_655);
  expect(reads).toBeLessThan(20);
});

test('points stay in order: they are added in time and moved between their neighbours', () => {
  const lane = lanesOf(owner, kinds)[0];
  if (!lane) throw new Error('there is always a volume');
  const first = withPoint(lane, { at_secs: 2, value: -3 });
  expect(first).toMatchObject({ index: 0, curve: { parameter: 'gain_db', curve: 'linear' } });
  const later = { ...lane, automation: first.curve };
  expect(withPoint(later, { at_secs: 1, value: 0 }).index).toBe(0);
  expect(withPoint(later, { at_secs: 2, value: 0 }).index).toBe(1);
  const line = curve([
    [1, 0],
    [2, -5],
    [3, 0],
  ]);
  const to = (at_secs: number) => withMoved(line, 1, { at_secs, value: 1 }).points[1];
  expect([to(2.5), to(9), to(0)]).toEqual([
    { at_secs: 2.5, value: 1 },
    { at_secs: 3, value: 1 },
    { at_secs: 1, value: 1 },
  ]);
  expect(withMoved(line, 0, { at_secs: -4, value: 0 }).points[0]?.at_secs).toBe(0);
});

test('without its last point there is no curve', () => {
  expect(withoutPoint(curve([[0, 0]]), 0)).toBeNull();
  expect(
    withoutPoint(
      curve([
        [0, 0],
        [1, 1],
      ]),
      0,
    )?.points,
  ).toEqual([{ at_secs: 1, value: 1 }]);
});

test('a curve that is switched off moves nothing and is said only then', () => {
  const line = curve([[0, 0]]);
  expect(isFollowed([line], 'gain_db')).toBe(true);
  expect(isFollowed([line], 'pan')).toBe(false);
  const off = withBypass(line, true);
  expect(isFollowed([off], 'gain_db')).toBe(false);
  expect(withBypass(off, false)).toEqual(line);
});
