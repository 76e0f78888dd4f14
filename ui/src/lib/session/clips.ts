// Clips moved, cut and laid out. Pure; see `apply`.

import type { Clip, Edit, Fade, NewClip, Range, Session, SourceFacts, Track } from './types';

type Of<E extends Edit['edit']> = Extract<Edit, { edit: E }>;

const NONE = { length: 0 };

/** A fade as the studio keeps it where its shape is left out. */
export function shaped({
  length,
  shape = 'equal_power',
}: Partial<Fade> & { length: number }): Fade {
  return { length, shape };
}

export function clipEnd(clip: Clip): number {
  return clip.start + clip.length;
}

/** The sample after the last clip. */
export function sessionEnd(session: Session): number {
  let end = 0;
  for (const { clips } of session.tracks) {
    for (const clip of clips) end = Math.max(end, clipEnd(clip));
  }
  return end;
}

export function newClip(session: Session, wish: NewClip, id: number): Placed {
  const frames = session.sources[wish.source]?.frames ?? 0;
  const from = wish.from ?? 0;
  const clip: Clip = {
    id,
    name: wish.name ?? 'Clip',
    source: wish.source,
    start: wish.start,
    from,
    length: wish.length ?? Math.max(1, frames - from),
    gain_db: wish.gain_db ?? 0,
    fade_in: shaped(wish.fade_in ?? NONE),
    fade_out: shaped(wish.fade_out ?? NONE),
    envelope: wish.envelope ?? [],
    muted: wish.muted ?? false,
  };
  return { track: wish.track, clip };
}

/** A clip and the track that it lies on. */
export interface Placed {
  track: number;
  clip: Clip;
}

export function addClips(session: Session, placed: Placed[]): Session {
  return mapTracks(session, (track) => {
    const added = placed.filter((each) => each.track === track.id).map(({ clip }) => clip);
    return added.length > 0 ? { ...track, clips: inOrder([...track.clips, ...added]) } : track;
  });
}

export function removeClips(session: Session, ids: number[], ripple: boolean): Session {
  const gone = new Set(ids);
  return mapTracks(session, (track) => {
    const removed = track.clips.filter(({ id }) => gone.has(id));
    if (removed.length === 0) return track;
    let clips = track.clips.filter(({ id }) => !gone.has(id));
    // From the last on, so that the places of the others still hold.
    for (const each of ripple ? removed.toReversed() : [])
      clips = closed(clips, clipEnd(each), each.length);
    return { ...track, clips: inOrder(clips) };
  });
}

export function moveClips(session: Session, edit: Of<'move_clips'>, firstId: number): Session {
  const ids = new Set(edit.clips);
  const moved: Placed[] = [];
  for (const [index, track] of session.tracks.entries()) {
    const target = session.tracks[index + (edit.tracks ?? 0)] ?? track;
    for (const clip of track.clips) {
      if (!ids.has(clip.id)) continue;
      const id = edit.copy ? firstId + moved.length : clip.id;
      const start = Math.max(0, clip.start + edit.by);
      moved.push({ track: target.id, clip: { ...clip, id, start } });
    }
  }
  return addClips(edit.copy ? session : removeClips(session, edit.clips, false), moved);
}

/** A clip with other edges: within its source, at least a sample long, its sound where it was. */
export function trimmed(clip: Clip, to: { start: number; end: number }, facts?: SourceFacts): Clip {
  const earliest = Math.max(0, clip.start - clip.from);
  const latest = facts ? clip.start - clip.from + facts.frames : clipEnd(clip);
  const start = Math.min(Math.max(earliest, to.start), to.end - 1);
  const end = Math.max(start + 1, Math.min(latest, to.end));
  return { ...clip, start, from: clip.from + start - clip.start, length: end - start };
}

export function splitClips(session: Session, at: number, ids: number[], firstId: number): Session {
  const named = new Set(ids);
  let id = firstId;
  return mapTracks(session, (track) => {
    const clips = track.clips.flatMap((clip) => {
      const isMeant = named.size === 0 || named.has(clip.id);
      if (!isMeant || at <= clip.start || at >= clipEnd(clip)) return [clip];
      return halves(clip, at, id++);
    });
    return clips.length > track.clips.length ? { ...track, clips: inOrder(clips) } : track;
  });
}

export function cutRange(session: Session, edit: Of<'cut_range'>, firstId: number): Session {
  const { from, to } = edit;
  const named = edit.tracks ?? [];
  let id = firstId;
  const cut = mapTracks(session, (track) => {
    if (named.length > 0 && !named.includes(track.id)) return track;
    const clips = track.clips.flatMap((clip) => outside(clip, edit, () => id++));
    return { ...track, clips: inOrder(edit.ripple ? closed(clips, to, to - from) : clips) };
  });
  if (!edit.ripple || named.length > 0) return cut;
  const after = (at: number) => (at >= to ? at - (to - from) : Math.min(at, from));
  const markers = cut.markers.map((marker) => {
    const at = after(marker.at);
    return { ...marker, at, length: after(marker.at + marker.length) - at };
  });
  return { ...cut, markers };
}

/** What of a clip lies outside the range. */
function outside(clip: Clip, { from, to }: Range, id: () => number): Clip[] {
  const end = clipEnd(clip);
  if (end <= from || clip.start >= to) return [clip];
  const [before] = clip.start < from ? halves(clip, from, -1) : [];
  const [, after] = end > to ? halves(clip, to, before ? id() : clip.id) : [];
  return [before, after].filter((part) => part !== undefined);
}

function halves(clip: Clip, at: number, id: number): [Clip, Clip] {
  const length = at - clip.start;
  const none = { length: 0, shape: 'equal_power' as const };
  const rest = clip.length - length;
  return [
    { ...clip, length, fade_out: none },
    {
      ...clip,
      id,
      start: at,
      from: clip.from + length,
      length: rest,
      fade_in: none,
    },
  ];
}

/** What lies from `at` on moves up by `length`. */
function closed(clips: Clip[], at: number, length: number): Clip[] {
  return clips.map((clip) => (clip.start >= at ? { ...clip, start: clip.start - length } : clip));
}

function inOrder(clips: Clip[]): Clip[] {
  return clips.sort((a, b) => a.start - b.start || a.id - b.id);
}

function mapTracks(session: Session, change: (track: Track) => Track): Session {
  return { ...session, tracks: session.tracks.map(change) };
}
