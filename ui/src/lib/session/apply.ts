// What edits make of a session, for drawing a drag before the studio has answered. The studio decides:
// this never refuses, it leaves out what it cannot do. Pure.

import {
  addClips,
  cutRange,
  moveClips,
  newClip,
  removeClips,
  shaped,
  splitClips,
  trimmed,
} from './clips';
import type { Clip, Edit, Session, Track } from './types';

export function apply(session: Session, edits: Edit[]): Session {
  return edits.reduce(one, session);
}

/** The id that the next new thing gets. */
export function nextId(session: Session): number {
  let last = session.next_id - 1;
  for (const { id, clips } of session.tracks) {
    last = Math.max(last, id);
    for (const clip of clips) last = Math.max(last, clip.id);
  }
  return session.markers.reduce((most, { id }) => Math.max(most, id), last) + 1;
}

function one(session: Session, edit: Edit): Session {
  switch (edit.edit) {
    case 'rename':
      return { ...session, name: edit.name };
    case 'add_track':
      return addTrack(session, edit.name, edit.index);
    case 'remove_track':
      return { ...session, tracks: session.tracks.filter(({ id }) => id !== edit.track) };
    case 'move_track':
      return moveTrack(session, edit.track, edit.index);
    case 'set_track':
      return mapTrack(session, edit.track, (track) => ({ ...track, ...changes(edit, 'track') }));
    case 'set_effects': {
      const { track: id, effects } = edit;
      if (id === undefined) return { ...session, effects };
      return mapTrack(session, id, (track) => ({ ...track, effects }));
    }
    case 'set_automation': {
      const { track: id, automation } = edit;
      if (id === undefined) return { ...session, automation };
      return mapTrack(session, id, (track) => ({ ...track, automation }));
    }
    case 'set_mix':
      return { ...session, gain_db: edit.gain_db };
    case 'add_clips': {
      const first = nextId(session);
      const clips = edit.clips.map((clip, i) => newClip(session, clip, first + i));
      return addClips(session, clips);
    }
    case 'remove_clips':
      return removeClips(session, edit.clips, edit.ripple ?? false);
    case 'move_clips':
      return moveClips(session, edit, nextId(session));
    case 'trim_clip':
      return mapClip(session, edit.clip, (clip) =>
        trimmed(clip, edit, session.sources[clip.source]),
      );
    case 'slip_clip':
      return mapClip(session, edit.clip, (clip) => ({ ...clip, from: clip.from - edit.by }));
    case 'split':
      return splitClips(session, edit.at, edit.clips ?? [], nextId(session));
    case 'set_clip':
      return mapClip(session, edit.clip, (clip) => ({
        ...clip,
        ...changes(edit, 'clip'),
        fade_in: shaped(edit.fade_in ?? clip.fade_in),
        fade_out: shaped(edit.fade_out ?? clip.fade_out),
      }));
    case 'cut_range':
      return cutRange(session, edit, nextId(session));
    case 'insert_silence':
      return insertSilence(session, edit.at, edit.length, edit.tracks ?? []);
    case 'set_marker':
      return setMarker(session, edit);
    case 'remove_marker':
      return { ...session, markers: session.markers.filter(({ id }) => id !== edit.marker) };
  }
}

/** The fields that an edit sets, without its own. */
function changes<E extends Edit>(edit: E, target: keyof E): Partial<E> {
  return Object.fromEntries(
    Object.entries(edit).filter(([key]) => key !== 'edit' && key !== target),
  ) as Partial<E>;
}

function addTrack(session: Session, name: string | undefined, index: number | undefined): Session {
  const track: Track = {
    id: nextId(session),
    name: name ?? `Track ${session.tracks.length + 1}`,
    gain_db: 0,
    pan: 0,
    muted: false,
    soloed: false,
    effects: { effects: [] },
    clips: [],
  };
  return { ...session, tracks: session.tracks.toSpliced(index ?? session.tracks.length, 0, track) };
}

function moveTrack(session: Session, id: number, index: number): Session {
  const track = session.tracks.find((each) => each.id === id);
  if (!track) return session;
  const others = session.tracks.filter((each) => each !== track);
  return { ...session, tracks: others.toSpliced(index, 0, track) };
}

function insertSilence(session: Session, at: number, length: number, tracks: number[]): Session {
  const meant = session.tracks.filter(({ id }) => tracks.length === 0 || tracks.includes(id));
  const across = meant
    .flatMap(({ clips }) => clips)
    .filter(({ start, length: long }) => start < at && start + long > at)
    .map(({ id }) => id);
  const cut = across.length > 0 ? splitClips(session, at, across, nextId(session)) : session;
  const later = (clip: Clip) => (clip.start >= at ? { ...clip, start: clip.start + length } : clip);
  const ids = new Set(meant.map(({ id }) => id));
  const tracksAfter = cut.tracks.map((track) =>
    ids.has(track.id) ? { ...track, clips: track.clips.map(later) } : track,
  );
  const markers = cut.markers.map((marker) => {
    if (marker.at >= at) return { ...marker, at: marker.at + length };
    // A region across the gap grows by it.
    const isAcross = marker.at + marker.length > at;
    return isAcross ? { ...marker, length: marker.length + length } : marker;
  });
  return { ...cut, tracks: tracksAfter, markers: tracks.length === 0 ? markers : cut.markers };
}

function setMarker(session: Session, edit: Extract<Edit, { edit: 'set_marker' }>): Session {
  const id = edit.marker ?? nextId(session);
  const marker = { id, name: edit.name, at: edit.at, length: edit.length ?? 0 };
  const others = session.markers.filter((each) => each.id !== id);
  return { ...session, markers: [...others, marker].sort((a, b) => a.at - b.at || a.id - b.id) };
}

function mapTrack(session: Session, id: number, change: (track: Track) => Track): Session {
  const tracks = session.tracks.map((track) => (track.id === id ? change(track) : track));
  return { ...session, tracks };
}

function mapClip(session: Session, id: number, change: (clip: Clip) => Clip): Session {
  const tracks = session.tracks.map((track) =>
    track.clips.some((clip) => clip.id === id)
      ? { ...track, clips: track.clips.map((clip) => (clip.id === id ? change(clip) : clip)) }
      : track,
  );
  return { ...session, tracks };
}
