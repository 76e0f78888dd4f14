// What keys, buttons and menus do to the session. Each is at most one step of its history.

import { clipEnd } from '$lib/session/clips';
import { trim } from '$lib/session/gestures';
import { tickStep } from '$lib/session/ruler';
import { position } from '$lib/session/time';
import type { Edit } from '$lib/session/types';
import { count } from '$lib/format';
import type { Editing } from './editing.svelte';

/** Makes the edits and says what happened. */
export async function edit(editing: Editing, edits: Edit[], said: string): Promise<boolean> {
  if (edits.length === 0) return false;
  const done = await editing.session.edit(edits);
  if (done) editing.said = said;
  return done;
}

/** At the edges of the range, else at the playhead; the selected clips, else all that lie there. */
export function split(editing: Editing): Promise<boolean> {
  const { range, rangeTracks, document, session } = editing;
  const chosen = editing.found().map(({ clip }) => clip);
  const inRange = (id: number) => !range || rangeTracks.length === 0 || rangeTracks.includes(id);
  const lying = (document?.tracks ?? []).filter(({ id }) => inRange(id)).flatMap((t) => t.clips);
  const clips = chosen.length > 0 ? chosen : lying;
  // The later cut first: the left half keeps its id, so that the other can name it.
  const places = range && chosen.length === 0 ? [range.to, range.from] : [session.at];
  const edits = places.flatMap((at): Edit[] => {
    const across = clips.filter((clip) => clip.start < at && clipEnd(clip) > at);
    return across.length > 0 ? [{ edit: 'split', at, clips: across.map(({ id }) => id) }] : [];
  });
  if (edits.length === 0) editing.said = 'No clip lies across the playhead.';
  return edit(editing, edits, `Split at ${position(places.at(-1) ?? 0, editing.rate)}`);
}

/** The range if there is one, else the selected clips. */
export function remove(editing: Editing, ripple: boolean): Promise<boolean> {
  const { range, rangeTracks } = editing;
  if (range) {
    const { from, to } = range;
    editing.range = null;
    if (ripple) void editing.session.seek(from);
    const cut: Edit = { edit: 'cut_range', from, to, tracks: rangeTracks, ripple };
    return edit(editing, [cut], ripple ? 'Range cut, the gap closed' : 'Range cleared');
  }
  const clips = [...editing.selected];
  if (clips.length === 0) return Promise.resolve(false);
  editing.select([]);
  return edit(
    editing,
    [{ edit: 'remove_clips', clips, ripple }],
    `${count(clips.length, 'clip')} removed`,
  );
}

/** Samples of one step of the arrow keys: a small tick of the ruler. */
export function step(editing: Editing): number {
  return Math.max(1, Math.round(tickStep(editing.samplesPerPx, editing.rate, 'time', 92) / 5));
}

export function nudge(editing: Editing, by: number, tracks: number): Promise<boolean> {
  const found = editing.found();
  const first = Math.min(...found.map(({ clip }) => clip.start));
  const [top, bottom] = [found[0]?.index ?? 0, found.at(-1)?.index ?? 0];
  const last = (editing.document?.tracks.length ?? 1) - 1;
  const moved = Math.max(0 - first, by);
  const down = Math.max(0 - top, Math.min(last - bottom, tracks));
  if (found.length === 0 || (moved === 0 && down === 0)) return Promise.resolve(false);
  const clips = found.map(({ clip }) => clip.id);
  const said = `Moved to ${position(first + moved, editing.rate)}`;
  return edit(editing, [{ edit: 'move_clips', clips, by: moved, tracks: down }], said);
}

/** Moves an edge of the selected clips to the playhead. */
export function trimToPlayhead(editing: Editing, side: 'start' | 'end'): Promise<boolean> {
  const { document, session } = editing;
  if (!document) return Promise.resolve(false);
  const edits = editing.found().flatMap(({ clip }) => trim(document, clip, side, session.at));
  return edit(editing, edits, `${side === 'start' ? 'Start' : 'End'} trimmed`);
}

/** Fades the selected clips in up to the playhead, or out from it. */
export function fadeToPlayhead(editing: Editing, side: 'fade_in' | 'fade_out'): Promise<boolean> {
  const edits = editing.found().flatMap(({ clip }): Edit[] => {
    const at = editing.session.at;
    if (at < clip.start || at > clipEnd(clip)) return [];
    const other = side === 'fade_in' ? clip.fade_out.length : clip.fade_in.length;
    const wanted = side === 'fade_in' ? at - clip.start : clipEnd(clip) - at;
    const length = Math.min(wanted, clip.length - other);
    return [{ edit: 'set_clip', clip: clip.id, [side]: { ...clip[side], length } }];
  });
  return edit(editing, edits, side === 'fade_in' ? 'Fade-in set' : 'Fade-out set');
}

export function duplicate(editing: Editing): Promise<boolean> {
  const found = editing.found();
  if (found.length === 0) return Promise.resolve(false);
  const start = Math.min(...found.map(({ clip }) => clip.start));
  const by = Math.max(...found.map(({ clip }) => clipEnd(clip))) - start;
  const clips = found.map(({ clip }) => clip.id);
  return edit(editing, [{ edit: 'move_clips', clips, by, copy: true }], 'Duplicated');
}

export function toggleMute(editing: Editing): Promise<boolean> {
  const found = editing.found();
  const muted = found.some(({ clip }) => !clip.muted);
  const edits = found.map(({ clip }): Edit => ({ edit: 'set_clip', clip: clip.id, muted }));
  return edit(editing, edits, muted ? 'Muted' : 'Not muted any more');
}

export function addMarker(editing: Editing): Promise<boolean> {
  const number = (editing.document?.markers.length ?? 0) + 1;
  const { range } = editing;
  if (range) {
    const length = range.to - range.from;
    const region: Edit = { edit: 'set_marker', name: `Region ${number}`, at: range.from, length };
    return edit(editing, [region], `Region ${number} set`);
  }
  const { at } = editing.session;
  return edit(
    editing,
    [{ edit: 'set_marker', name: `Marker ${number}`, at }],
    `Marker ${number} set`,
  );
}

/** Sets where the range begins or ends; the other end stays, if it still lies on the other side. */
export function setRange(editing: Editing, side: 'from' | 'to'): void {
  const { at } = editing.session;
  const { range, end } = editing;
  const other = side === 'from' ? (range?.to ?? end) : (range?.from ?? 0);
  const next = side === 'from' ? { from: at, to: other } : { from: other, to: at };
  editing.rangeTracks = [];
  editing.range = next.to > next.from ? next : null;
  editing.said = side === 'from' ? 'Range begins here' : 'Range ends here';
}

/** Loops the range, else the selected clips; stops looping where that is on. */
export function toggleLoop(editing: Editing): void {
  const { session, range } = editing;
  if (session.transport?.looping && !range) return void session.loop(null);
  const found = editing.found();
  const around = found.length > 0 && {
    from: Math.min(...found.map(({ clip }) => clip.start)),
    to: Math.max(...found.map(({ clip }) => clipEnd(clip))),
  };
  const all = { from: 0, to: editing.end };
  const wanted = range ?? (around || all);
  const now = session.transport?.looping;
  const isSame = now?.from === wanted.from && now.to === wanted.to;
  editing.said = isSame ? 'Loop off' : 'Loop on';
  if (isSame || wanted.to > wanted.from) void session.loop(isSame ? null : wanted);
}
