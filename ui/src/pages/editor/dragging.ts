// A drag on the tracks, from the press to the release. The page feeds it pointers; nothing is changed
// before its end, when what was shown becomes one step of the history.

import { dragEdits, sourceSample, type Grab, type Pointer } from '$lib/session/gestures';
import { clipBox, soundBox, trackAt } from '$lib/session/geometry';
import { hitTest, type Hit } from '$lib/session/hit';
import { gainOfShare } from '$lib/session/shape';
import { SNAP_PX, snapTargets, snapped } from '$lib/session/snap';
import { lengthOf, position } from '$lib/session/time';
import type { Clip, Edit } from '$lib/session/types';
import { sampleAt } from '$lib/session/view';
import { edit } from './actions';
import type { Editing } from './editing.svelte';

export interface Press {
  x: number;
  y: number;
  /** Adds to the selection; while dragging: copies. */
  ctrl: boolean;
  /** Extends the selection; while dragging: ignores snapping. */
  shift: boolean;
}

export interface Drag {
  move(at: Press): void;
  /** `moved`: the pointer left the place where it was pressed. */
  end(moved: boolean): void;
  cancel(): void;
}

export function beginDrag(editing: Editing, press: Press): Drag | null {
  const session = editing.document;
  if (!session) return null;
  const hit = hitTest(session, editing.view, editing.selected, press.x, press.y);
  return hit.on === 'lane' ? dragRange(editing, press, hit) : dragClip(editing, press, hit);
}

function dragClip(editing: Editing, press: Press, hit: Exclude<Hit, { on: 'lane' }>): Drag {
  const { clip, track } = hit;
  editing.track = track.id;
  editing.range = null;
  const wasSelected = editing.selected.has(clip.id);
  if (!wasSelected) {
    const others = press.ctrl || press.shift ? editing.selected : [];
    editing.select([...others, clip.id]);
  }
  if (hit.on === 'point') choosePoint(editing, clip, clip.envelope[hit.index]?.at ?? 0);
  let grab = grabOf(editing, press, hit);
  const alone = () => {
    editing.select([clip.id]);
    grab = grabOf(editing, press, hit);
  };
  const moving = grab.kind === 'move' ? editing.selected : new Set([clip.id]);
  const targets = editing.document
    ? snapTargets(editing.document, moving, editing.session.at, null)
    : [];
  return {
    move(at) {
      const session = editing.document;
      if (!session) return;
      // Ctrl that copies does not choose others, too.
      if (at.ctrl && !wasSelected && editing.selected.size > 1) alone();
      scrollBeyond(editing, at.x);
      const reach = editing.snap && !at.shift ? SNAP_PX * editing.samplesPerPx : 0;
      const pointer = pointerOf(editing, at, hit);
      editing.pending = dragEdits(session, grab, pointer, targets, { copy: at.ctrl, reach });
      if (hit.on === 'point') choosePoint(editing, clip, sourceSample(clip, pointer.at));
    },
    end(moved) {
      const edits = editing.pending;
      if (!moved) {
        editing.pending = [];
        if (wasSelected && (press.ctrl || press.shift)) {
          editing.select([...editing.selected].filter((id) => id !== clip.id));
        } else if (hit.on === 'clip' && hit.part === 'body' && !press.ctrl) {
          editing.select(press.shift ? editing.selected : [clip.id]);
        }
        return;
      }
      // What is shown stays until the studio has answered: then the document is the same, or as it was.
      void edit(editing, edits, told(editing)).finally(() => (editing.pending = []));
    },
    cancel: () => (editing.pending = []),
  };
}

/** Over free space: a range of time, on the tracks that are crossed. */
function dragRange(editing: Editing, press: Press, hit: Extract<Hit, { on: 'lane' }>): Drag {
  const before = editing.range;
  const start = placed(editing, press);
  if (hit.track) editing.track = hit.track.id;
  if (!press.shift) editing.select([]);
  const first = trackAt(editing.view, press.y);
  return {
    move(at) {
      scrollBeyond(editing, at.x);
      const to = placed(editing, at);
      const last = trackAt(editing.view, at.y);
      const [top, bottom] = [Math.min(first, last), Math.max(first, last)];
      const tracks = editing.document?.tracks.slice(Math.max(0, top), bottom + 1) ?? [];
      const all = tracks.length === editing.document?.tracks.length;
      editing.rangeTracks = all ? [] : tracks.map(({ id }) => id);
      editing.range = to === start ? null : { from: Math.min(start, to), to: Math.max(start, to) };
    },
    end(moved) {
      if (!moved) {
        editing.range = null;
        void editing.session.seek(placed(editing, press, 'playhead'));
      } else if (editing.range) {
        const { from, to } = editing.range;
        const length = lengthOf(to - from, editing.rate);
        editing.said = `Range from ${position(from, editing.rate)}, ${length}`;
      }
    },
    cancel: () => (editing.range = before),
  };
}

function choosePoint(editing: Editing, clip: Clip, at: number): void {
  editing.point = { clip: clip.id, at };
}

function grabOf(editing: Editing, press: Press, hit: Exclude<Hit, { on: 'lane' }>): Grab {
  const at = sampleAt(editing.view, press.x);
  const { clip } = hit;
  if (hit.on === 'point') return { kind: 'point', clip, index: hit.index };
  if (hit.part !== 'body') return { kind: hit.part, clip, at };
  const track = trackAt(editing.view, press.y);
  return { kind: 'move', clips: [...editing.selected], at, track };
}

/** What is under the pointer, in the clip's own terms. */
export function pointerOf(
  editing: Editing,
  { x, y }: Press,
  hit: Exclude<Hit, { on: 'lane' }>,
): Pointer {
  const index = editing.document?.tracks.findIndex(({ id }) => id === hit.track.id) ?? 0;
  const sound = soundBox(clipBox(editing.view, hit.clip, index));
  const share = 1 - (y - sound.y) / sound.height;
  return {
    // Before the start there are places, too: a clip that is dragged there stops at the start.
    at: Math.round(editing.from + x * editing.samplesPerPx),
    track: trackAt(editing.view, y),
    gain_db: gainOfShare(Math.min(1, Math.max(0, share))),
  };
}

/** The sample under the pointer, snapped; the playhead itself does not snap to where it is. */
export function placed(
  editing: Editing,
  { x, shift }: Pick<Press, 'x' | 'shift'>,
  what: 'playhead' | 'other' = 'other',
): number {
  const at = sampleAt(editing.view, x);
  if (!editing.document || !editing.snap || shift) return at;
  const playhead = what === 'playhead' ? 0 : editing.session.at;
  const targets = snapTargets(editing.document, new Set(), playhead, null);
  return snapped(at, targets, SNAP_PX * editing.samplesPerPx);
}

/** A pointer beside the tracks scrolls them. */
function scrollBeyond(editing: Editing, x: number): void {
  const beyond = x < 0 ? x : Math.max(0, x - editing.widthPx);
  if (beyond !== 0) editing.scroll(beyond / 4);
}

/** What the drag did, from what is shown at its end. */
function told(editing: Editing): string {
  const [first] = editing.pending;
  const clips = editing.shown?.tracks.flatMap((track) => track.clips) ?? [];
  const clip = clips.find(({ id }) => editing.selected.has(id));
  if (!first || !clip) return 'Changed';
  if (first.edit === 'move_clips' && first.copy) return 'Copied';
  if (first.edit === 'set_clip') return toldChange(editing, first);
  return `${clip.name}, now at ${position(clip.start, editing.rate)}, ${lengthOf(clip.length, editing.rate)}`;
}

function toldChange({ rate }: Editing, { fade_in, fade_out }: Extract<Edit, { edit: 'set_clip' }>) {
  if (fade_in) return `Fade-in ${lengthOf(fade_in.length, rate)}`;
  if (fade_out) return `Fade-out ${lengthOf(fade_out.length, rate)}`;
  return 'Envelope changed';
}

/** The pointer's look over a place of the tracks. */
export function cursorAt(editing: Editing, x: number, y: number): string {
  const session = editing.document;
  if (!session) return 'default';
  const hit = hitTest(session, editing.view, editing.selected, x, y);
  if (hit.on === 'lane') return 'text';
  if (hit.on === 'point') return 'move';
  const looks = {
    body: 'grab',
    start: 'w-resize',
    end: 'e-resize',
    fade_in: 'pointer',
    fade_out: 'pointer',
  };
  return looks[hit.part];
}
