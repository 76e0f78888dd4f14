// Parameters that follow curves over time: what can be automated on a track or the mix, and curves as
// values. Pure; times are seconds from the session's start, as chains of effects count them.

import { kindOf, numberOf, settingOf, withSlot } from '../effects/chain';
import { titleOf } from '../effects/knob';
import type { EffectKind, Knob, Slot } from '../types';
import type { Automation, Chain, CurvePoint, Edit, Session } from './types';

/** A track by its id, or `null`: the mix. */
export type OwnerId = number | null;

export interface Owner {
  id: OwnerId;
  name: string;
  gain_db: number;
  /** The mix has none. */
  pan: number | null;
  effects: Chain;
  automation: Automation[];
}

/** A number of the effect at an index of the chain, or without one the owner's own level or place. */
export interface Target {
  effect: number | null;
  parameter: string;
}

/** A target with all that a lane shows of it. */
export interface Lane {
  target: Target;
  knob: Knob;
  /** `Track`, or the effect's place and name. */
  group: string;
  title: string;
  /** Where the parameter stands without a curve. */
  set: number;
  automation: Automation | null;
}

export const VOLUME: Target = { effect: null, parameter: 'gain_db' };

const OWN: Record<'gain_db' | 'pan', Knob> = {
  gain_db: own('gain_db', 'dB', -120, 24, 'How loud it is.'),
  pan: own('pan', '1', -1, 1, 'Where it stands between left and right.'),
};

/** More points than this are refused. */
export const MOST_POINTS = 10_000;

function own(name: string, unit: string, min: number, max: number, summary: string): Knob {
  return { name, unit, min, max, default: 0, fixed: false, summary, logarithmic: false };
}

export function ownerOf(session: Session, id: OwnerId): Owner | null {
  if (id === null) {
    const { gain_db, effects, automation = [] } = session;
    return { id, name: 'the mix', gain_db, pan: null, effects, automation };
  }
  const track = session.tracks.find((each) => each.id === id);
  return track ? { ...track, automation: track.automation ?? [] } : null;
}

/** Everything of the owner that can be automated: its level and place, then its effects in order. */
export function lanesOf(owner: Owner, kinds: EffectKind[]): Lane[] {
  const group = owner.id === null ? 'Mix' : 'Track';
  const automated = (list: Automation[] | undefined, name: string) =>
    list?.find(({ parameter }) => parameter === name) ?? null;
  const lane = (knob: Knob, title: string, set: number): Lane => ({
    ...{ target: { effect: null, parameter: knob.name }, knob, group, title, set },
    automation: automated(owner.automation, knob.name),
  });
  const lanes = [lane(OWN.gain_db, 'Volume', owner.gain_db)];
  if (owner.pan !== null) lanes.push(lane(OWN.pan, 'Pan', owner.pan));
  for (const [effect, slot] of owner.effects.effects.entries()) {
    const kind = kindOf(slot, kinds);
    for (const knob of kind ? knobsOf(slot, kind) : []) {
      lanes.push({
        target: { effect, parameter: knob.name },
        knob,
        group: `${effect + 1} ${kind?.title ?? ''}`,
        title: titleIn(knob.name),
        set: numberOf(slot, knob),
        automation: automated(slot.automation, knob.name),
      });
    }
  }
  return lanes;
}

/** The numbers of an effect that can move while it runs; of a list, those of each entry. */
export function knobsOf(slot: Slot, kind: EffectKind): Knob[] {
  const free = kind.parameters.filter(({ fixed }) => !fixed);
  const first = free.find(({ name }) => name.includes('[0]'));
  const list = first?.name.split('[')[0] ?? '';
  const entries = settingOf(slot, list) ?? settingOf({ effect: kind.defaults } as Slot, list);
  const count = Array.isArray(entries) ? entries.length : 0;
  const listed = free.filter(({ name }) => name.includes('[0]'));
  const each = Array.from({ length: count }, (_, at) =>
    listed.map((knob) => ({ ...knob, name: knob.name.replace('[0]', `[${at}]`) })),
  );
  return [...each.flat(), ...free.filter((knob) => !listed.includes(knob))];
}

/** `Threshold`, `Band 2: Gain`. */
function titleIn(name: string): string {
  const entry = /^([a-z_]+?)s?\[(\d+)\]/.exec(name);
  return entry
    ? `${titleOf(entry[1] ?? '')} ${Number(entry[2]) + 1}: ${titleOf(name)}`
    : titleOf(name);
}

export function isSame(one: Target, other: Target): boolean {
  return one.effect === other.effect && one.parameter === other.parameter;
}

/** As a list of choices names it. */
export function keyOf({ effect, parameter }: Target): string {
  return `${effect ?? ''}:${parameter}`;
}

/** Whether a number is moved by a curve now. */
export function isFollowed(list: Automation[] | undefined, parameter: string): boolean {
  return list?.some((each) => each.parameter === parameter && !each.bypass) ?? false;
}

/** Gives a target another curve, or none. */
export function automated(owner: Owner, target: Target, curve: Automation | null): Edit {
  const track = owner.id === null ? {} : { track: owner.id };
  const { effect, parameter } = target;
  const slot = effect === null ? undefined : owner.effects.effects[effect];
  const list = (slot ? slot.automation : owner.automation) ?? [];
  const at = list.findIndex((each) => each.parameter === parameter);
  const added = curve ? [curve] : [];
  const next = at < 0 ? [...list, ...added] : list.toSpliced(at, 1, ...added);
  if (effect === null || !slot) return { edit: 'set_automation', ...track, automation: next };
  const effects = withSlot(owner.effects, effect, { ...slot, automation: next });
  return { edit: 'set_effects', ...track, effects };
}

/** The value at a moment, as the engine finds it. */
export function valueAt({ points, curve = 'linear' }: Automation, secs: number): number {
  const next = firstAfter(points, secs);
  const [before, after] = [points[next - 1], points[next]];
  if (!before || !after || curve === 'hold') return (before ?? after)?.value ?? 0;
  const done = (secs - before.at_secs) / (after.at_secs - before.at_secs);
  return before.value + (after.value - before.value) * done;
}

/** The index of the first point that is later. */
export function firstAfter(points: readonly CurvePoint[], secs: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.at_secs ?? 0) <= secs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The lane's curve with another point, and the point's index; a first point begins the curve. */
export function withPoint(lane: Lane, point: CurvePoint): { curve: Automation; index: number } {
  const { parameter } = lane.target;
  const before = lane.automation ?? { parameter, curve: 'linear' as const, points: [] };
  const index = firstAfter(before.points, point.at_secs);
  return { curve: { ...before, points: before.points.toSpliced(index, 0, point) }, index };
}

/** The curve with a point elsewhere, between the points beside it. */
export function withMoved(curve: Automation, index: number, to: CurvePoint): Automation {
  const [before, after] = [curve.points[index - 1], curve.points[index + 1]];
  const latest = after?.at_secs ?? Infinity;
  const at_secs = Math.max(before?.at_secs ?? 0, Math.min(latest, to.at_secs));
  return { ...curve, points: curve.points.with(index, { at_secs, value: to.value }) };
}

/** The curve switched off, or on again. */
export function withBypass(curve: Automation, bypass: boolean): Automation {
  const followed = { ...curve };
  delete followed.bypass;
  return bypass ? { ...followed, bypass } : followed;
}

/** The curve without a point; without its last one there is none. */
export function withoutPoint(curve: Automation, index: number): Automation | null {
  const points = curve.points.toSpliced(index, 1);
  return points.length > 0 ? { ...curve, points } : null;
}
