import { expect, test } from 'vitest';
import told from '../../mock/effects.json';
import type { Chain, EffectKind, EffectPreset, Knob } from '../types';
import {
  inserted,
  isSame,
  kindOf,
  moved,
  nameOf,
  numberOf,
  placeAfterMove,
  removed,
  settingOf,
  slotOf,
  withSetting,
  withSlot,
  withoutEntry,
} from './chain';

const kinds = told.effects as unknown as EffectKind[];
const kind = (name: string) => {
  const found = kinds.find((kind) => kind.name === name);
  if (!found) throw new Error(`the paper studio has no ${name}`);
  return found;
};
const knob = (effect: string, name: string) =>
  kind(effect).parameters.find((knob) => knob.name === name) as Knob;
const chain: Chain = {
  effects: ['compressor', 'equalizer', 'reverb'].map((name) => slotOf(kind(name))),
};
const names = (chain: Chain) => chain.effects.map(nameOf);

test('a setting is read by its name, and is the usual one where nothing is said', () => {
  const slot = { effect: { equalizer: { bands: [{ q: 2 }, { gain_db: -3 }] } } };
  expect(settingOf(slot, 'bands[1].gain_db')).toBe(-3);
  expect(settingOf(slot, 'bands[2].gain_db')).toBeUndefined();
  expect(numberOf(slot, knob('equalizer', 'bands[0].q'))).toBe(2);
  expect(numberOf(slot, { ...knob('equalizer', 'bands[0].q'), name: 'bands[1].q' })).toBe(0.71);
  expect(numberOf({ effect: { reverb: {} } }, knob('reverb', 'wet'))).toBe(0.3);
});

test('a changed setting leaves the slot before as it was', () => {
  const before = chain.effects[1];
  if (!before) throw new Error('no equaliser');
  const after = withSetting(withSetting(before, 'bands[0].gain_db', 4), 'wet', 0.5);
  expect(settingOf(after, 'bands[0].gain_db')).toBe(4);
  expect(settingOf(after, 'bands[0].shape')).toBe('peak');
  expect(after.wet).toBe(0.5);
  expect(settingOf(before, 'bands[0].gain_db')).toBe(0);
  expect(settingOf(slotOf(kind('equalizer')), 'bands[0].gain_db')).toBe(0);
});

test('slots come, go and move', () => {
  expect(names(inserted(chain, 1, slotOf(kind('gate'))))).toEqual([
    'compressor',
    'gate',
    'equalizer',
    'reverb',
  ]);
  expect(names(removed(chain, 0))).toEqual(['equalizer', 'reverb']);
  expect(names(moved(chain, 0, 2))).toEqual(['equalizer', 'reverb', 'compressor']);
  expect(names(moved(chain, 2, -5))).toEqual(['reverb', 'compressor', 'equalizer']);
  expect(moved(chain, 1, 1)).toBe(chain);
  const off = withSlot(chain, 1, { ...slotOf(kind('equalizer')), bypass: true });
  expect(off.effects.map(({ bypass }) => bypass ?? false)).toEqual([false, true, false]);
});

test('every slot is found again after a move', () => {
  for (let from = 0; from < 3; from++) {
    for (let to = 0; to < 3; to++) {
      const after = names(moved(chain, from, to));
      const places = names(chain).map((name) => after.indexOf(name));
      expect([0, 1, 2].map((at) => placeAfterMove(at, from, to))).toEqual(places);
    }
  }
});

test('the curves of a list follow their entries when one is taken out', () => {
  const curve = (parameter: string) => ({ parameter, points: [{ at_secs: 0, value: 1 }] });
  const bands = [{ q: 1 }, { q: 2 }, { q: 3 }];
  const slot = {
    effect: { equalizer: { bands } },
    automation: ['bands[0].q', 'bands[1].q', 'bands[2].q', 'wet'].map(curve),
  };
  const left = withoutEntry(slot, 'bands', bands, 1);
  expect(settingOf(left, 'bands')).toEqual([{ q: 1 }, { q: 3 }]);
  expect(left.automation?.map(({ parameter }) => parameter)).toEqual([
    ...['bands[0].q', 'bands[1].q', 'wet'],
  ]);
});

test('chains are the same where what is left out is the usual', () => {
  for (const { chain } of told.presets as unknown as EffectPreset[]) {
    const spelt = {
      effects: chain.effects.map((slot) => {
        const usual = kindOf(slot, kinds)?.parameters.find(({ name }) => name === 'wet');
        return { ...slot, bypass: false, wet: slot.wet ?? usual?.default ?? 1, automation: [] };
      }),
    };
    expect(isSame(chain, spelt, kinds)).toBe(true);
    const first = spelt.effects[0];
    if (first)
      expect(isSame(chain, withSlot(spelt, 0, { ...first, wet: 0.01 }), kinds)).toBe(false);
    expect(isSame(chain, removed(chain, 0), kinds)).toBe(false);
  }
  const band = { effects: [{ effect: { equalizer: { bands: [{}] } } }] };
  const full = { effects: [slotOf(kind('equalizer'))] };
  expect(isSame(band, full, kinds)).toBe(true);
});
