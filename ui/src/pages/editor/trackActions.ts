// What heads and strips do to a track.

import type { Edit, Track } from '$lib/session/types';
import { gainShown, panShown } from '$lib/session/typed';
import { edit } from './actions';
import { adjusting } from './adjusting';
import type { Editing } from './editing.svelte';

export function setGain(editing: Editing, track: Track, gain_db: number): void {
  const said = `${track.name}, ${gainShown(gain_db)}`;
  adjusting(editing).move({ edits: [{ edit: 'set_track', track: track.id, gain_db }], said });
}

export function setPan(editing: Editing, track: Track, pan: number): void {
  const said = `${track.name}, ${panShown(pan)}`;
  adjusting(editing).move({ edits: [{ edit: 'set_track', track: track.id, pan }], said });
}

export function setMixGain(editing: Editing, gain_db: number): void {
  const said = `Mix, ${gainShown(gain_db)}`;
  adjusting(editing).move({ edits: [{ edit: 'set_mix', gain_db }], said });
}

export function toggleTrackMute(editing: Editing, { id, name, muted }: Track): void {
  const said = muted ? `${name} is not muted any more` : `${name} muted`;
  void edit(editing, [{ edit: 'set_track', track: id, muted: !muted }], said);
}

export function toggleSolo(editing: Editing, { id, name, soloed }: Track): void {
  const said = soloed ? `${name} is not soloed any more` : `${name} soloed`;
  void edit(editing, [{ edit: 'set_track', track: id, soloed: !soloed }], said);
}

export function toggleArm(editing: Editing, { id, name }: Track): void {
  const isArmed = editing.armed === id;
  editing.armed = isArmed ? null : id;
  editing.said = isArmed ? `${name} is not armed any more` : `${name} armed for recording`;
}

export function rename(editing: Editing, track: Track, name: string): void {
  void edit(editing, [{ edit: 'set_track', track: track.id, name }], `Renamed to ${name}`);
}

/** Its clips leave the selection with it. */
export async function removeTrack(editing: Editing, track: Track): Promise<void> {
  const remove: Edit = { edit: 'remove_track', track: track.id };
  if (!(await edit(editing, [remove], `${track.name} removed`))) return;
  const gone = new Set(track.clips.map(({ id }) => id));
  editing.select([...editing.selected].filter((id) => !gone.has(id)));
  if (editing.armed === track.id) editing.armed = null;
  if (editing.track === track.id) editing.track = editing.document?.tracks[0]?.id ?? null;
}

/** Whether the track is heard, as mutes and solos stand. */
export function isHeard(tracks: readonly Track[], track: Track): boolean {
  return !track.muted && (track.soloed || !tracks.some(({ soloed }) => soloed));
}

/** Linear peaks of a track, or without one of the mix; nothing sounds while it stands. */
export function peaksOf({ session }: Editing, track?: number): [number, number] | undefined {
  if (!session.playing) return undefined;
  return track === undefined ? session.mix : session.levels.get(track);
}
