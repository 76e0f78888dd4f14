// Does what a key asks for.

import { sessionEnd } from '$lib/session/clips';
import type { Edit, Track } from '$lib/session/types';
import { showing } from '$lib/session/view';
import { registry } from '$lib/store/operations.svelte';
import * as actions from './actions';
import * as automating from './automating';
import * as copying from './copying';
import type { Editing } from './editing.svelte';
import type { Command } from './keys';
import * as points from './points';

/** What only the page can do. */
export interface Page {
  openExport(): void;
}

const STEP_DB = 0.5;
const ZOOM = 1.5;

export function perform(editing: Editing, page: Page, command: Command): void {
  void does[command](editing, page);
}

const does: Record<Command, (editing: Editing, page: Page) => unknown> = {
  play: ({ session }) => session.toggle(),
  record: record,
  toStart: ({ session }) => session.seek(0),
  toEnd: ({ session, end }) => session.seek(end),
  loop: actions.toggleLoop,
  marker: actions.addMarker,
  undo: (editing) => history(editing, 'undo'),
  redo: (editing) => history(editing, 'redo'),
  split: actions.split,
  cutRange: (editing) => editing.range && actions.remove(editing, true),
  delete: (editing) =>
    automating.removeKnot(editing) || points.removePoint(editing) || actions.remove(editing, false),
  rippleDelete: (editing) => actions.remove(editing, true),
  muteClip: actions.toggleMute,
  cut: copying.cut,
  copy: copying.copy,
  paste: copying.paste,
  duplicate: actions.duplicate,
  selectAll: (editing) => editing.select(copying.clipIds(editing)),
  selectNone: (editing) => {
    editing.select([]);
    editing.range = null;
  },
  earlier: (editing) => along(editing, -actions.step(editing)),
  later: (editing) => along(editing, actions.step(editing)),
  sampleEarlier: (editing) => along(editing, -1),
  sampleLater: (editing) => along(editing, 1),
  trackUp: (editing) => across(editing, -1),
  trackDown: (editing) => across(editing, 1),
  trimStart: (editing) => actions.trimToPlayhead(editing, 'start'),
  trimEnd: (editing) => actions.trimToPlayhead(editing, 'end'),
  fadeIn: (editing) => actions.fadeToPlayhead(editing, 'fade_in'),
  fadeOut: (editing) => actions.fadeToPlayhead(editing, 'fade_out'),
  rangeFrom: (editing) => actions.setRange(editing, 'from'),
  rangeTo: (editing) => actions.setRange(editing, 'to'),
  snap: (editing) => (editing.snap = !editing.snap),
  zoomIn: (editing) => editing.zoom(ZOOM),
  zoomOut: (editing) => editing.zoom(1 / ZOOM),
  fit: (editing) => editing.fit(),
  fitSelection,
  spectra: (editing) => canShowSpectra() && (editing.spectral = !editing.spectral),
  addPoint: (editing) => automating.addAtPlayhead(editing) || points.pointAtPlayhead(editing),
  pointUp: (editing) => automating.raiseKnot(editing, 1) || points.raisePoint(editing, STEP_DB),
  pointDown: (editing) => automating.raiseKnot(editing, -1) || points.raisePoint(editing, -STEP_DB),
  pointEarlier: (editing) => automating.shiftKnot(editing, -actions.step(editing)),
  pointLater: (editing) => automating.shiftKnot(editing, actions.step(editing)),
  automation: (editing) => editing.track !== null && automating.toggleLane(editing, editing.track),
  muteTrack: (editing) => setTrack(editing, ({ muted }) => ({ muted: !muted })),
  soloTrack: (editing) => setTrack(editing, ({ soloed }) => ({ soloed: !soloed })),
  export: (_, page) => page.openExport(),
};

/** Whether this studio measures spectra. */
export function canShowSpectra(): boolean {
  return registry.list.some(({ name }) => name === 'audio.spectrogram');
}

/** Records to the armed track, else to the focused one, else to the first. */
export function record({ session, armed, track, document }: Editing): unknown {
  if (session.transport?.recording != null) return session.stopRecording();
  const target = armed ?? track ?? document?.tracks[0]?.id;
  return target === undefined ? null : session.record(target);
}

export async function history(editing: Editing, verb: 'undo' | 'redo'): Promise<void> {
  const title = editing.session.view?.[verb];
  if (!(await editing.session[verb]())) return;
  editing.said = `${verb === 'undo' ? 'Undone' : 'Redone'}: ${title ?? ''}`;
  const left = copying.clipIds(editing);
  editing.select([...editing.selected].filter((id) => left.has(id)));
}

/** Moves the selected clips, else the playhead. */
function along(editing: Editing, samples: number): unknown {
  if (editing.selected.size > 0) return actions.nudge(editing, samples, 0);
  return editing.session.seek(editing.session.at + samples);
}

/** Moves the selected clips to another track, else the focus. */
function across(editing: Editing, by: number): unknown {
  if (editing.selected.size > 0) return actions.nudge(editing, 0, by);
  const tracks = editing.document?.tracks ?? [];
  const index = tracks.findIndex(({ id }) => id === editing.track);
  const next = tracks[Math.max(0, Math.min(tracks.length - 1, index + by))];
  if (next) editing.track = next.id;
  return null;
}

function setTrack(editing: Editing, change: (track: Track) => object): unknown {
  const track = editing.document?.tracks.find(({ id }) => id === editing.track);
  if (!track) return null;
  const edit = { edit: 'set_track', track: track.id, ...change(track) } as Edit;
  return actions.edit(editing, [edit], `${track.name} changed`);
}

function fitSelection(editing: Editing): void {
  const clips = editing.found().map(({ clip }) => clip);
  const document = editing.document;
  if (!document) return;
  const around = editing.range ?? {
    from: Math.min(...clips.map(({ start }) => start)),
    to: Math.max(...clips.map(({ start, length }) => start + length)),
  };
  if (!(around.to > around.from)) return editing.fit();
  editing.show(showing(editing.view, around.from, around.to, sessionEnd(document)));
}
