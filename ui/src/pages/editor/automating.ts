// Curves that are open below tracks: which, what they show, and what keys and fields do to them.

import * as curves from '$lib/session/automation';
import type { Lane, Owner, OwnerId, Target } from '$lib/session/automation';
import { laneValue, stepped, valueShown } from '$lib/session/lanes';
import { position } from '$lib/session/time';
import type { Automation, CurvePoint, Session } from '$lib/session/types';
import { effects } from '$lib/store/effects.svelte';
import { edit } from './actions';
import type { Editing } from './editing.svelte';

/** An open curve, among all that the owner has. */
export interface Opened {
  owner: Owner;
  lane: Lane;
  lanes: Lane[];
}

/** `null`: none is open, or the track is gone. */
export function openedIn(session: Session | null, editing: Editing, id: OwnerId): Opened | null {
  const target = editing.open.get(id);
  const owner = session && target ? curves.ownerOf(session, id) : null;
  if (!owner || !target) return null;
  const lanes = curves.lanesOf(owner, effects.kinds);
  // An effect may have gone from the chain since.
  const lane = lanes.find((each) => curves.isSame(each.target, target)) ?? lanes[0];
  return lane ? { owner, lane, lanes } : null;
}

export function showLane(editing: Editing, id: OwnerId, target: Target | null): void {
  const open = new Map(editing.open);
  if (target) open.set(id, target);
  else open.delete(id);
  editing.open = open;
  editing.knot = editing.hint = null;
  if (target) editing.curve = id;
}

/** Opens a lane at what is automated already, else at the volume. */
export function toggleLane(editing: Editing, id: OwnerId): void {
  const owner = editing.document && curves.ownerOf(editing.document, id);
  if (!owner) return;
  void effects.load();
  const isOpen = editing.open.has(id);
  const lanes = isOpen ? [] : curves.lanesOf(owner, effects.kinds);
  const first = lanes.find(({ automation }) => automation !== null) ?? lanes[0];
  showLane(editing, id, first?.target ?? null);
  editing.said = `Automation of ${owner.name} ${isOpen ? 'hidden' : 'shown'}`;
}

/** Opens the list of points beside the tracks. */
export function showPoints(editing: Editing, id: OwnerId): void {
  [editing.curve, editing.part, editing.side] = [id, 'curve', true];
}

export function nameOf({ owner, lane }: Opened): string {
  return `${lane.title} of ${owner.name}`;
}

export function setCurve(
  editing: Editing,
  { owner, lane }: Opened,
  curve: Automation | null,
  said: string,
): Promise<boolean> {
  return edit(editing, [curves.automated(owner, lane.target, curve)], said);
}

/** `−6.0 dB at 0:12.500` */
export function pointShown(editing: Editing, lane: Lane, { at_secs, value }: CurvePoint): string {
  const at = position(Math.round(at_secs * editing.rate), editing.rate);
  return `${valueShown(lane, value)} at ${at}`;
}

interface Chosen {
  opened: Opened;
  curve: Automation;
  index: number;
  point: CurvePoint;
}

/** The chosen point, where it is still there. */
function chosen(editing: Editing): Chosen | null {
  const { knot } = editing;
  const opened = knot && openedIn(editing.document, editing, knot.owner);
  const curve = opened?.lane.automation;
  const point = curve?.points[knot?.index ?? -1];
  return opened && curve && point && knot ? { opened, curve, index: knot.index, point } : null;
}

/** Moves a point, if there is one to move; `false`: none is chosen. */
function change(editing: Editing, next: (chosen: Chosen) => CurvePoint): boolean {
  const found = chosen(editing);
  if (!found) return false;
  const { opened, curve, index } = found;
  const moved = curves.withMoved(curve, index, next(found));
  const told = moved.points[index];
  if (told) void setCurve(editing, opened, moved, pointShown(editing, opened.lane, told));
  return true;
}

export function raiseKnot(editing: Editing, steps: number): boolean {
  return change(editing, ({ opened, point }) => ({
    ...point,
    value: stepped(opened.lane, point.value, steps),
  }));
}

export function shiftKnot(editing: Editing, samples: number): boolean {
  return change(editing, ({ point }) => ({
    ...point,
    at_secs: (Math.round(point.at_secs * editing.rate) + samples) / editing.rate,
  }));
}

export function removeKnot(editing: Editing): boolean {
  const found = chosen(editing);
  if (found) void removePoint(editing, found.opened, found.index);
  return found !== null;
}

export async function removePoint(editing: Editing, opened: Opened, index: number) {
  const { automation } = opened.lane;
  if (!automation) return;
  const left = curves.withoutPoint(automation, index);
  const said = `Point removed from ${nameOf(opened)}`;
  if (await setCurve(editing, opened, left, said)) editing.knot = null;
}

/** Sets a point, where the curve is or at a value. */
export async function addPoint(editing: Editing, opened: Opened, at: number, value?: number) {
  const { lane, owner } = opened;
  const at_secs = at / editing.rate;
  const point = { at_secs, value: value ?? laneValue(lane, at_secs) };
  const { curve, index } = curves.withPoint(lane, point);
  const said = `Point added: ${pointShown(editing, lane, point)}`;
  if (await setCurve(editing, opened, curve, said)) editing.knot = { owner: owner.id, index };
}

/** On the lane of the chosen point, else of the focused track; `false`: clips are selected, or none is open. */
export function addAtPlayhead(editing: Editing): boolean {
  const id = editing.knot ? editing.knot.owner : editing.track;
  const opened = openedIn(editing.document, editing, id);
  if (!opened || editing.selected.size > 0) return false;
  editing.curve = id;
  void addPoint(editing, opened, editing.session.at);
  return true;
}

/** What a fader stands at now, and whether a curve moves it. */
export function standing(editing: Editing, id: OwnerId, parameter: 'gain_db' | 'pan') {
  const owner = editing.shown && curves.ownerOf(editing.shown, id);
  const isMoved = curves.isFollowed(owner?.automation, parameter);
  const curve = isMoved && owner?.automation.find((each) => each.parameter === parameter);
  const set = owner?.[parameter] ?? 0;
  const value = curve ? curves.valueAt(curve, editing.session.at / editing.rate) : set;
  return { value, isMoved };
}
