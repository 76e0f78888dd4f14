// A sound on its way from a list to the tracks. Pointers, not the system's drag and drop: a window that
// takes files from the desktop does not see drags within it everywhere.

import { samplesOf } from '$lib/session/time';
import { nextId } from '$lib/session/apply';
import type { Edit } from '$lib/session/types';
import type { Asset } from '$lib/types';
import { addCarried, type Place } from './sources';
import type { Editing } from './editing.svelte';

/** A press that moves less is a click on the list. */
const STILL_PX = 4;

export interface CarriedSound {
  name: string;
  x: number;
  y: number;
}

/** Follows the pointer from a press on a sound; it is added where it is let go. */
export function carry(editing: Editing, project: string, asset: Asset, press: PointerEvent): void {
  if (press.button !== 0 || !asset.audio) return;
  const stop = new AbortController();
  const on = { signal: stop.signal };
  const finish = () => {
    stop.abort();
    editing.carried = null;
    editing.pending = [];
  };
  const move = (event: PointerEvent) => {
    const [x, y] = [event.clientX, event.clientY];
    if (!editing.carried && Math.hypot(x - press.clientX, y - press.clientY) < STILL_PX) return;
    event.preventDefault();
    editing.carried = { name: asset.name, x, y };
    const place = editing.placeAt(x, y, event.shiftKey);
    editing.pending = place ? foreseen(editing, asset, place) : [];
  };
  const up = (event: PointerEvent) => {
    const place = editing.carried && editing.placeAt(event.clientX, event.clientY, event.shiftKey);
    finish();
    if (place) void addCarried(editing, { project, asset: asset.id }, place);
  };
  const giveUp = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    finish();
  };
  window.addEventListener('pointermove', move, on);
  window.addEventListener('pointerup', up, on);
  window.addEventListener('pointercancel', finish, on);
  window.addEventListener('keydown', giveUp, { ...on, capture: true });
}

function foreseen(editing: Editing, { id, name, audio }: Asset, place: Place): Edit[] {
  const { document } = editing;
  if (!document || !audio) return [];
  const length = Math.max(1, samplesOf(audio.frames / audio.sample_rate, document.rate));
  const track = place.track ?? nextId(document);
  const clips = [{ track, source: id, start: place.at, length, name }];
  const added: Edit[] = place.track === null ? [{ edit: 'add_track', name }] : [];
  return [...added, { edit: 'add_clips', clips }];
}
