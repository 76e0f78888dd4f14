// Points of a clip's envelope, set and changed by a double click or by keys.

import { sourceSample } from '$lib/session/gestures';
import { hitTest } from '$lib/session/hit';
import { envelopeDb, withPoint } from '$lib/session/shape';
import type { Clip, EnvelopePoint } from '$lib/session/types';
import { edit } from './actions';
import { pointerOf, type Press } from './dragging';
import type { Editing } from './editing.svelte';

const GAIN_DB = { least: -120, most: 12 };
/** A point so near to the playhead is the one that is there. */
const NEAR_PX = 4;

/** Sets a point where a clip was double-clicked, or removes the one that is there. */
export async function pointAt(editing: Editing, press: Press): Promise<void> {
  const { document, view, selected } = editing;
  const hit = document && hitTest(document, view, selected, press.x, press.y);
  if (!hit || hit.on === 'lane') return;
  const { clip } = hit;
  if (hit.on === 'point') return remove(editing, clip, hit.index);
  const pointer = pointerOf(editing, press, hit);
  const point = { at: sourceSample(clip, pointer.at), gain_db: pointer.gain_db };
  await set(editing, clip, point, 'Envelope point set');
}

/** Sets a point at the playhead, or chooses the one that is there. */
export async function pointAtPlayhead(editing: Editing): Promise<void> {
  const clip = editing.found()[0]?.clip;
  const at = clip ? clip.from + editing.session.at - clip.start : -1;
  if (!clip || at < clip.from || at >= clip.from + clip.length) return;
  const reach = NEAR_PX * editing.samplesPerPx;
  const near = clip.envelope.find((each) => Math.abs(each.at - at) < reach);
  const said = 'Envelope point at the playhead; Alt with ↑ and ↓ changes its gain';
  if (near) editing.point = { clip: clip.id, at: near.at };
  else await set(editing, clip, { at, gain_db: envelopeDb(clip.envelope, at) }, said);
}

/** Raises the chosen point. */
export async function raisePoint(editing: Editing, byDb: number): Promise<void> {
  const { chosen } = editing;
  const before = chosen?.clip.envelope[chosen.index];
  if (!chosen || !before) return;
  const gain_db = Math.max(GAIN_DB.least, Math.min(GAIN_DB.most, before.gain_db + byDb));
  await set(editing, chosen.clip, { ...before, gain_db }, `${gain_db.toFixed(1)} dB`);
}

/** Removes the chosen point; `false`: none is chosen. */
export function removePoint(editing: Editing): boolean {
  const { chosen } = editing;
  if (chosen) void remove(editing, chosen.clip, chosen.index);
  return chosen !== null;
}

async function set(editing: Editing, clip: Clip, point: EnvelopePoint, said: string) {
  const envelope = withPoint(clip.envelope, point);
  const done = await edit(editing, [{ edit: 'set_clip', clip: clip.id, envelope }], said);
  if (done) editing.point = { clip: clip.id, at: point.at };
}

async function remove(editing: Editing, clip: Clip, index: number) {
  const envelope = clip.envelope.filter((_, i) => i !== index);
  const change = { edit: 'set_clip', clip: clip.id, envelope } as const;
  if (await edit(editing, [change], 'Envelope point removed')) editing.point = null;
}
