// Pointers on the tracks: on an open curve points are added, dragged and removed, elsewhere clips.

import { automated, withPoint } from '$lib/session/automation';
import { curveBox, laneOwnerAt, laneTop } from '$lib/session/geometry';
import {
  dragged,
  glided,
  laneHit,
  laneValue,
  pointAt as placeOf,
  secsAt,
  shareAt,
  valueOfShare,
  type LaneHit,
} from '$lib/session/lanes';
import { SNAP_PX, snapTargets } from '$lib/session/snap';
import type { Automation, CurvePoint } from '$lib/session/types';
import * as automating from './automating';
import type { Opened } from './automating';
import { edit } from './actions';
import { beginDrag, cursorAt, placed, type Drag, type Press } from './dragging';
import type { Editing } from './editing.svelte';
import { pointAt } from './points';

/** A double click that has just set a point does not remove it. */
const DOUBLE_MS = 500;
let addedMs = 0;

interface Under {
  opened: Opened;
  hit: LaneHit;
}

export function beginOn(editing: Editing, press: Press): Drag | null {
  const under = laneUnder(editing, press);
  if (!under?.hit) return beginDrag(editing, press);
  return dragPoint(editing, press, under.opened, under.hit);
}

export async function doubleOn(editing: Editing, press: Press): Promise<void> {
  const under = laneUnder(editing, press);
  if (!under) return pointAt(editing, press);
  if (Date.now() - addedMs < DOUBLE_MS || under.hit?.on === 'line') return;
  const { opened, hit } = under;
  if (hit) return automating.removePoint(editing, opened, hit.index);
  const value = valueOfShare(opened.lane, shareAt(boxOf(editing, opened), press.y));
  await automating.addPoint(editing, opened, placed(editing, press), value);
}

/** Says what lies under the pointer, and answers how the pointer looks there. */
export function hoverOn(editing: Editing, press: Press): string {
  const under = laneUnder(editing, press);
  const points = under?.opened.lane.automation?.points;
  const point = under?.hit?.on === 'point' ? points?.[under.hit.index] : undefined;
  const at_secs = secsAt(editing.view, editing.rate, press.x);
  if (under?.hit) {
    const { lane } = under.opened;
    tell(editing, press, under.opened, point ?? { at_secs, value: laneValue(lane, at_secs) });
  } else editing.hint = null;
  if (under) return under.hit ? (point ? 'move' : 'copy') : 'text';
  return cursorAt(editing, press.x, press.y);
}

function laneUnder(editing: Editing, { x, y }: Press): Under | null {
  // With what was just changed, though the studio may not have answered yet.
  const session = editing.shown;
  if (!session) return null;
  const owner = laneOwnerAt(editing.view, session.tracks, editing.open, y);
  const opened = owner === undefined ? null : automating.openedIn(session, editing, owner);
  if (!opened) return null;
  const box = boxOf(editing, opened);
  return { opened, hit: laneHit(opened.lane, editing.view, box, editing.rate, { x, y }) };
}

function boxOf({ view, shown }: Editing, { owner }: Opened) {
  return curveBox(view, laneTop(view, shown?.tracks ?? [], owner.id));
}

/** A press on the line sets a point there, which can be dragged at once. */
function dragPoint(
  editing: Editing,
  press: Press,
  opened: Opened,
  hit: NonNullable<LaneHit>,
): Drag | null {
  const { owner, lane } = opened;
  const isNew = hit.on === 'line';
  const { curve, index } = isNew ? begun(editing, press, opened) : grabbed(opened, hit.index);
  if (!curve) return null;
  if (owner.id !== null) editing.track = owner.id;
  editing.select([]);
  editing.range = null;
  [editing.knot, editing.curve, editing.part] = [{ owner: owner.id, index }, owner.id, 'curve'];
  const before = editing.pending;
  const base = { ...lane, automation: curve };
  let [now, last] = [curve, press];
  let at = placeOf(base, editing.view, boxOf(editing, opened), editing.rate, index);
  const show = (next: Automation) => {
    now = next;
    editing.pending = [automated(owner, lane.target, next)];
    const point = next.points[index];
    if (point) tell(editing, last, opened, point);
  };
  if (isNew) show(curve);
  const { document, session, range } = editing;
  const targets = document ? snapTargets(document, new Set(), session.at, range) : [];
  return {
    move(to) {
      at = glided(at, last, to, to.shift);
      last = to;
      const reach = editing.snap && !to.shift ? SNAP_PX * editing.samplesPerPx : 0;
      const box = boxOf(editing, opened);
      show(dragged(base, index, editing.view, box, editing.rate, at, targets, reach));
    },
    end() {
      editing.hint = null;
      const point = now.points[index];
      const said = point ? automating.pointShown(editing, lane, point) : '';
      editing.said = said;
      if (!isNew && isAt(point, curve.points[index])) return void (editing.pending = before);
      if (isNew) addedMs = Date.now();
      const shown = editing.pending;
      void edit(editing, shown, said).finally(() => {
        if (editing.pending === shown) editing.pending = [];
      });
    },
    cancel() {
      editing.pending = before;
      editing.hint = null;
      if (isNew) editing.knot = null;
    },
  };
}

function begun(editing: Editing, press: Press, { lane }: Opened) {
  const at_secs = placed(editing, press) / editing.rate;
  return withPoint(lane, { at_secs, value: laneValue(lane, at_secs) });
}

function grabbed({ lane }: Opened, index: number) {
  return { curve: lane.automation, index };
}

function isAt(one: CurvePoint | undefined, other: CurvePoint | undefined): boolean {
  return one?.at_secs === other?.at_secs && one?.value === other?.value;
}

function tell(editing: Editing, { x, y }: Press, { lane }: Opened, point: CurvePoint): void {
  editing.hint = { x, y, text: automating.pointShown(editing, lane, point) };
}

/** What is drawn of the open lanes. */
export function drawnLanes(editing: Editing) {
  const { shown, knot } = editing;
  return [...editing.open.keys()].flatMap((owner) => {
    const opened = automating.openedIn(shown, editing, owner);
    const chosen = knot?.owner === owner ? knot.index : null;
    return opened ? [{ owner, lane: opened.lane, chosen }] : [];
  });
}
