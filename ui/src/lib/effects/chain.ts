// Chains of effects as values: reading and changing them. Pure; every change is a new chain.

import type { Chain, EffectKind, Json, Knob, Slot } from '../types';

type Settings = { [key: string]: Json };

/** Longer chains are refused. */
export const MOST_EFFECTS = 64;

export function slotOf(kind: EffectKind): Slot {
  return { effect: structuredClone(kind.defaults) as Slot['effect'] };
}

export function nameOf(slot: Slot): string {
  return Object.keys(slot.effect)[0] ?? '';
}

export function kindOf(slot: Slot, kinds: EffectKind[]): EffectKind | undefined {
  const name = nameOf(slot);
  return kinds.find((kind) => kind.name === name);
}

/** A setting by its name, such as `gain_db` or `bands[1].q`; `undefined` where the default holds. */
export function settingOf(slot: Slot, name: string): Json | undefined {
  let at: Json | undefined = settings(slot);
  for (const key of path(name)) {
    if (Array.isArray(at)) at = at[Number(key)];
    else at = typeof at === 'object' && at !== null ? at[key] : undefined;
  }
  return at;
}

export function numberOf(slot: Slot, knob: Knob): number {
  if (knob.name === 'wet') return slot.wet ?? knob.default;
  const value = settingOf(slot, knob.name);
  return typeof value === 'number' ? value : knob.default;
}

export function withSetting(slot: Slot, name: string, value: Json): Slot {
  if (name === 'wet') return { ...slot, wet: Number(value) };
  const changed = put(settings(slot), path(name), value);
  return { ...slot, effect: { [nameOf(slot)]: changed } as unknown as Slot['effect'] };
}

/** Takes an entry out of a list of settings; the curves of the entries behind it go with them. */
export function withoutEntry(slot: Slot, list: string, entries: Json[], at: number): Slot {
  const left = withSetting(slot, list, entries.toSpliced(at, 1));
  if (!slot.automation) return left;
  const automation = slot.automation.flatMap((curve) => {
    const [, name, entry, rest] = /^(\w+)\[(\d+)\](.*)$/.exec(curve.parameter) ?? [];
    if (name !== list || Number(entry) < at) return [curve];
    if (Number(entry) === at) return [];
    return [{ ...curve, parameter: `${list}[${Number(entry) - 1}]${rest}` }];
  });
  return { ...left, automation };
}

export function withSlot(chain: Chain, at: number, slot: Slot): Chain {
  return { effects: chain.effects.with(at, slot) };
}

export function inserted(chain: Chain, at: number, slot: Slot): Chain {
  return { effects: chain.effects.toSpliced(at, 0, slot) };
}

export function removed(chain: Chain, at: number): Chain {
  return { effects: chain.effects.toSpliced(at, 1) };
}

/** The slot at `from` comes to stand at `to`. */
export function moved(chain: Chain, from: number, to: number): Chain {
  const slot = chain.effects[from];
  const place = Math.max(0, Math.min(chain.effects.length - 1, to));
  if (!slot || place === from) return chain;
  return { effects: chain.effects.toSpliced(from, 1).toSpliced(place, 0, slot) };
}

/** Where the slot at `at` stands after [`moved`]. */
export function placeAfterMove(at: number, from: number, to: number): number {
  if (at === from) return to;
  if (from < at && at <= to) return at - 1;
  return to <= at && at < from ? at + 1 : at;
}

/** Whether both say the same; what is left out is its default. */
export function isSame(one: Chain, other: Chain, kinds: EffectKind[]): boolean {
  const full = (chain: Chain) =>
    JSON.stringify(chain.effects.map((slot) => filled(slot, kindOf(slot, kinds))));
  return full(one) === full(other);
}

/** All settings in the order of the defaults. */
function filled(slot: Slot, kind: EffectKind | undefined) {
  const known = settings({ effect: kind?.defaults ?? {} } as unknown as Slot);
  const wet = kind?.parameters.find(({ name }) => name === 'wet')?.default ?? 1;
  const bands = (settings(slot)['bands'] as Settings[] | undefined)?.map((band) => ({
    ...((known['bands'] as Settings[] | undefined)?.[0] ?? {}),
    ...band,
  }));
  return {
    [nameOf(slot)]: { ...known, ...settings(slot), ...(bands ? { bands } : {}) },
    wet: slot.wet ?? wet,
    bypass: slot.bypass ?? false,
    automation: slot.automation ?? [],
  };
}

function settings(slot: Slot): Settings {
  return (Object.values(slot.effect)[0] ?? {}) as Settings;
}

/** `bands[1].q` as `['bands', '1', 'q']`. */
function path(name: string): string[] {
  return name.split(/[[\].]+/).filter(Boolean);
}

function put(at: Json, keys: string[], value: Json): Json {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (Array.isArray(at)) return at.with(Number(key), put(at[Number(key)] ?? {}, rest, value));
  const fields = (at ?? {}) as Settings;
  return { ...fields, [key]: put(fields[key] ?? {}, rest, value) };
}
