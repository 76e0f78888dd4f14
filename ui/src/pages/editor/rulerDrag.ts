// Drags on the ruler: above, a marker moves or a range is drawn; below, the playhead is scrubbed.

import { MARKERS_PX } from '$lib/draw/session/ruler';
import { position } from '$lib/session/time';
import type { Marker } from '$lib/session/types';
import { xOf } from '$lib/session/view';
import { edit } from './actions';
import { placed, type Drag, type Press } from './dragging';
import type { Editing } from './editing.svelte';

/** A marker's flag is grabbed within so many pixels. */
const FLAG_PX = 10;

export function beginRulerDrag(editing: Editing, press: Press): Drag {
  if (press.y >= MARKERS_PX) return dragPlayhead(editing, press);
  const marker = markerAt(editing, press.x, press.y);
  return marker ? dragMarker(editing, marker) : dragRange(editing, press);
}

export function markerAt(editing: Editing, x: number, y: number): Marker | null {
  if (y >= MARKERS_PX) return null;
  const found = editing.document?.markers.findLast(({ at, length }) => {
    const [left, right] = [xOf(editing.view, at), xOf(editing.view, at + length)];
    return x >= left - 2 && x <= Math.max(left + FLAG_PX, right);
  });
  return found ?? null;
}

function dragPlayhead(editing: Editing, press: Press): Drag {
  void editing.session.seek(placed(editing, press, 'playhead'));
  let last = press;
  return {
    move(at) {
      last = at;
      editing.session.scrub(placed(editing, at, 'playhead'));
    },
    end: (moved) => void (moved && editing.session.seek(placed(editing, last, 'playhead'))),
    cancel: () => undefined,
  };
}

function dragMarker(editing: Editing, { id, name, at, length }: Marker): Drag {
  return {
    move(press) {
      const place = placed(editing, press);
      editing.pending = [{ edit: 'set_marker', marker: id, name, at: place, length }];
    },
    end(moved) {
      if (!moved) return void editing.session.seek(at);
      const said = `${name} moved`;
      void edit(editing, editing.pending, said).finally(() => (editing.pending = []));
    },
    cancel: () => (editing.pending = []),
  };
}

function dragRange(editing: Editing, press: Press): Drag {
  const before = editing.range;
  const start = placed(editing, press);
  return {
    move(at) {
      const to = placed(editing, at);
      editing.rangeTracks = [];
      editing.range = to === start ? null : { from: Math.min(start, to), to: Math.max(start, to) };
    },
    end(moved) {
      if (!moved) editing.range = null;
      else if (editing.range) {
        editing.said = `Range from ${position(editing.range.from, editing.rate)} on all tracks`;
      }
    },
    cancel: () => (editing.range = before),
  };
}
