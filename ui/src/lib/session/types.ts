// A multitrack session as the studio answers it. Positions and lengths are samples at the session's rate.

import type { Chain } from '../generated/operations';

export type { Chain };
export type FadeShape = 'linear' | 'equal_power' | 'smooth' | 'decibels';

export interface Fade {
  length: number;
  shape: FadeShape;
}

/** A gain at a sample of the source: it stays on its sound when the clip is trimmed. */
export interface EnvelopePoint {
  at: number;
  gain_db: number;
}

export interface Clip {
  id: number;
  name: string;
  source: string;
  /** On the track. */
  start: number;
  /** In the source. */
  from: number;
  length: number;
  gain_db: number;
  fade_in: Fade;
  fade_out: Fade;
  envelope: EnvelopePoint[];
  muted: boolean;
}

export interface Track {
  id: number;
  name: string;
  gain_db: number;
  /** −1 left to 1 right. */
  pan: number;
  muted: boolean;
  soloed: boolean;
  effects: Chain;
  /** In order of their starts. */
  clips: Clip[];
}

/** A named place, or a region where it has a length. */
export interface Marker {
  id: number;
  name: string;
  at: number;
  length: number;
}

export interface SourceFacts {
  frames: number;
  channels: number;
}

export interface Session {
  name: string;
  rate: number;
  tracks: Track[];
  markers: Marker[];
  gain_db: number;
  effects: Chain;
  sources: Record<string, SourceFacts>;
  /** What the next new track, clip or marker is called. */
  next_id: number;
}

export interface View {
  id: string;
  revision: number;
  can_undo: boolean;
  can_redo: boolean;
  /** What undo takes back, such as `split`. */
  undo: string | null;
  redo: string | null;
  updated_at: string;
  session: Session;
  /** Why a source is not heard, by its id. */
  missing: Record<string, string>;
}

export interface SessionSummary {
  id: string;
  name: string;
  revision: number;
  updated_at: string;
}

export interface Range {
  from: number;
  to: number;
}

export interface Transport {
  session: string;
  at: number;
  playing: boolean;
  /** Track that is being recorded to. */
  recording: number | null;
  looping: Range | null;
  audible: boolean;
  rate: number;
}

export interface NewClip {
  track: number;
  source: string;
  start: number;
  from?: number;
  length?: number;
  name?: string;
  gain_db?: number;
  fade_in?: Fade;
  fade_out?: Fade;
  envelope?: EnvelopePoint[];
  muted?: boolean;
}

interface TrackChange {
  name?: string;
  gain_db?: number;
  pan?: number;
  muted?: boolean;
  soloed?: boolean;
}

interface ClipChange {
  name?: string;
  gain_db?: number;
  fade_in?: Fade;
  fade_out?: Fade;
  envelope?: EnvelopePoint[];
  muted?: boolean;
}

export type Edit =
  | { edit: 'rename'; name: string }
  | { edit: 'add_track'; name?: string; index?: number }
  | { edit: 'remove_track'; track: number }
  | { edit: 'move_track'; track: number; index: number }
  | ({ edit: 'set_track'; track: number } & TrackChange)
  | { edit: 'set_effects'; track?: number; effects: Chain }
  | { edit: 'set_mix'; gain_db: number }
  | { edit: 'add_clips'; clips: NewClip[] }
  | { edit: 'remove_clips'; clips: number[]; ripple?: boolean }
  | { edit: 'move_clips'; clips: number[]; by: number; tracks?: number; copy?: boolean }
  | { edit: 'trim_clip'; clip: number; start: number; end: number }
  | { edit: 'slip_clip'; clip: number; by: number }
  | { edit: 'split'; at: number; clips?: number[] }
  | ({ edit: 'set_clip'; clip: number } & ClipChange)
  | { edit: 'cut_range'; from: number; to: number; tracks?: number[]; ripple?: boolean }
  | { edit: 'insert_silence'; at: number; length: number; tracks?: number[] }
  | { edit: 'set_marker'; marker?: number; name: string; at: number; length?: number }
  | { edit: 'remove_marker'; marker: number };

export interface Exported {
  files: { name: string; output: { path: string; asset: string | null }; frames: number }[];
  warnings: string[];
}

interface Named {
  project: string;
  session: string;
}

/** What `call` and `jobs.run` take and answer for sessions. */
export interface SessionOperations {
  'session.create': {
    input: { project: string; name: string; sample_rate?: number; assets?: string[] };
    output: View;
  };
  'session.list': { input: { project: string }; output: { sessions: SessionSummary[] } };
  'session.get': { input: Named; output: View };
  'session.edit': { input: Named & { edits: Edit[]; revision?: number }; output: View };
  'session.undo': { input: Named; output: View };
  'session.redo': { input: Named; output: View };
  'session.delete': { input: Named; output: { id: string } };
  'session.export': {
    input: Named & {
      parts: 'mix' | 'tracks' | 'regions';
      from?: number;
      to?: number;
      format: string;
      quality?: string;
      output?: string;
      cut_tail?: boolean;
    };
    output: Exported;
  };
  'session.open': { input: Named; output: Transport };
  'session.play': { input: Named & { from?: number }; output: Transport };
  'session.pause': { input: Named; output: Transport };
  'session.seek': { input: Named & { at: number }; output: Transport };
  'session.status': { input: Named; output: Transport };
  'session.loop': { input: Named & Partial<Range>; output: Transport };
  'session.scrub': { input: Named & { at: number; length?: number }; output: Transport };
  'session.record': { input: Named & { track: number; at?: number }; output: Transport };
  'session.stop_recording': { input: Named; output: View };
  'session.close': { input: Named; output: { session: string } };
}

export type SessionEvent =
  | { type: 'session.changed'; project: string; session: string }
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
    };
