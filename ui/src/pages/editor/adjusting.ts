// Faders and fields: what they would do is shown at once and becomes one step of the history.

import { Gesture } from '$lib/session/gesture';
import type { Edit } from '$lib/session/types';
import { edit } from './actions';
import type { Editing } from './editing.svelte';

export interface Adjustment {
  edits: Edit[];
  /** Told to screen readers when it is done. */
  said: string;
}

const gestures = new WeakMap<Editing, Gesture<Adjustment>>();

/** The one gesture that can be under way on the page. */
export function adjusting(editing: Editing): Gesture<Adjustment> {
  const known = gestures.get(editing);
  if (known) return known;
  let shown: Edit[] = [];
  const gesture = new Gesture<Adjustment>({
    show(value) {
      // A drag on the tracks may have begun since.
      if (value) editing.pending = shown = value.edits;
      else if (editing.pending === shown) editing.pending = [];
    },
    commit: ({ edits, said }) => edit(editing, edits, said),
  });
  gestures.set(editing, gesture);
  return gesture;
}
