// Copy and paste of clips, also into another session or project.

import { copied, pasted, type Copied } from '$lib/session/clipboard';
import { count } from '$lib/format';
import { edit, remove } from './actions';
import type { Editing } from './editing.svelte';
import { bringSources } from './sources';

/** Outlives a page: clips are pasted into whichever session is opened next. */
let held: Copied | null = null;

export function copy(editing: Editing): boolean {
  const { document, session, selected } = editing;
  const found = document && copied(session.project, document, selected);
  if (!found) return false;
  held = found;
  editing.said = `${count(found.clips.length, 'clip')} copied`;
  return true;
}

export async function cut(editing: Editing): Promise<void> {
  if (copy(editing)) await remove(editing, false);
}

/** At the playhead, from the focused track downwards; the pasted clips are selected. */
export async function paste(editing: Editing): Promise<void> {
  const { document, session } = editing;
  if (!held || !document) return;
  const sources = await bringSources(editing, held);
  if (!sources) return;
  const index = Math.max(
    0,
    document.tracks.findIndex(({ id }) => id === editing.track),
  );
  const clips = pasted(document, held, session.at, index, sources);
  const before = clipIds(editing);
  const said = `${count(clips.length, 'clip')} pasted`;
  if (!(await edit(editing, [{ edit: 'add_clips', clips }], said))) return;
  editing.select([...clipIds(editing)].filter((id) => !before.has(id)));
}

export function clipIds(editing: Editing): Set<number> {
  return new Set(
    (editing.document?.tracks ?? []).flatMap(({ clips }) => clips.map(({ id }) => id)),
  );
}
