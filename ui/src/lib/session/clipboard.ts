// Clips that were copied, and how they are pasted. Pure.

import type { Clip, NewClip, Session } from './types';

export interface Copied {
  project: string;
  rate: number;
  /** Starts count from the first clip, tracks from the uppermost. */
  clips: { clip: Clip; start: number; track: number }[];
}

export function copied(
  project: string,
  session: Session,
  selected: ReadonlySet<number>,
): Copied | null {
  const found = session.tracks.flatMap(({ clips }, track) =>
    clips.filter(({ id }) => selected.has(id)).map((clip) => ({ clip, track })),
  );
  if (found.length === 0) return null;
  const start = Math.min(...found.map(({ clip }) => clip.start));
  const top = Math.min(...found.map(({ track }) => track));
  const clips = found.map(({ clip, track }) => ({
    clip,
    start: clip.start - start,
    track: track - top,
  }));
  return { project, rate: session.rate, clips };
}

/**
 * The clips for a session, the first at `at`, from the track at an index downwards; those that would
 * fall below the last track land on it. `sources` names them anew when they come from another project.
 */
export function pasted(
  session: Session,
  what: Copied,
  at: number,
  index: number,
  sources: ReadonlyMap<string, string> = new Map(),
): NewClip[] {
  const scale = session.rate / what.rate;
  const scaled = (samples: number) => Math.round(samples * scale);
  return what.clips.flatMap(({ clip, start, track }) => {
    const target = session.tracks[Math.min(session.tracks.length - 1, index + track)];
    if (!target) return [];
    const { name, gain_db, muted, fade_in, fade_out } = clip;
    return {
      ...{
        track: target.id,
        source: sources.get(clip.source) ?? clip.source,
        name,
        gain_db,
        muted,
      },
      start: at + scaled(start),
      from: scaled(clip.from),
      length: Math.max(1, scaled(clip.length)),
      fade_in: { ...fade_in, length: scaled(fade_in.length) },
      fade_out: { ...fade_out, length: scaled(fade_out.length) },
      envelope: clip.envelope.map((point) => ({ ...point, at: scaled(point.at) })),
    };
  });
}
