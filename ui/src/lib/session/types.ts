// A multitrack session, from the registry's generated types. Positions and lengths are samples at the
// session's rate.

import type * as generated from '../generated/operations';

export type {
  Automation,
  Chain,
  Curve,
  EnvelopePoint,
  FadeShape,
  Marker,
  Point as CurvePoint,
  SourceFacts,
} from '../generated/operations';

/** Answers always tell the shape. */
export type Fade = Required<generated.Fade>;

export type Clip = Omit<generated.Clip, 'fade_in' | 'fade_out'> & {
  fade_in: Fade;
  fade_out: Fade;
};

export type Track = Omit<generated.Track, 'clips'> & { clips: Clip[] };

export type Session = Omit<generated.Session, 'tracks'> & { tracks: Track[] };

export type View = Omit<Output<'session.get'>, 'session'> & { session: Session };

export type SessionSummary = generated.Entry;

export type Range = generated.Loop;

export type Transport = Output<'session.status'>;

export type Exported = Output<'session.export'>;

export type ExportParts = generated.ExportParts;

/** What is left out stays as it is; `null` would say the same. */
export type Edit = Told<generated.Edit>;

export type NewClip = generated.NewClip;

export type SessionEvent =
  | { type: 'session.changed'; project: string; session: string }
  /** The recording ended by itself. */
  | { type: 'session.recording_broke'; session: string }
  /** A take whose program was killed is a sound of its project now. */
  | { type: 'session.take_recovered'; project: string; asset: string; name: string }
  | {
      type: 'session.clock';
      session: string;
      at: number;
      playing: boolean;
      /** Linear, 1 is full scale. */
      tracks: { track: number; peak: [number, number] }[];
      mix: [number, number];
      /** What comes from the microphone, where it is recorded. */
      input: [number, number] | null;
    }
  | { type: 'session.loudness'; session: string; loudness: generated.HeardLoudness };

type Output<N extends keyof generated.Operations> = generated.Operations[N]['output'];

type Told<T> = T extends unknown ? { [K in keyof T]: Exclude<T[K], null> } : never;
