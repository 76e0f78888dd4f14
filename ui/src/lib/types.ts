// What the studio's operations take and answer, as JSON. Times are ISO 8601, durations seconds.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Rational {
  num: number;
  den: number;
}

export interface Project {
  id: string;
  name: string;
  path: string;
  created_at: string;
  modified_at: string;
  assets: number;
  films: number;
  bytes: number;
  /** The folder is gone or unreadable. */
  missing: boolean;
}

export interface AudioFacts {
  codec: string;
  sample_rate: number;
  channels: number;
  frames: number | null;
  bits_per_sample: number | null;
}

export interface VideoFacts {
  codec: string;
  width: number;
  height: number;
  frame_rate: Rational;
  frames: number | null;
}

export interface Asset {
  id: string;
  name: string;
  kind: 'audio' | 'video' | 'image';
  media_type: string;
  mode: 'copy' | 'reference';
  path: string;
  digest: string;
  bytes: number;
  duration_secs: number | null;
  audio: AudioFacts | null;
  video: VideoFacts | null;
  tags: Record<string, string>;
  created_at: string;
  derived_from: string | null;
  operation: string | null;
}

export type AudioSource = { path: string } | { project: string; asset: string };

export interface Loudness {
  integrated_lufs: number | null;
  momentary_max_lufs: number | null;
  short_term_max_lufs: number | null;
  range_lu: number;
  true_peak_dbtp: number | null;
  sample_peak_dbfs: number | null;
  duration_secs: number;
}

export interface OutputRef {
  path: string;
  asset: string | null;
}

export interface NormalizeReport {
  output: OutputRef;
  before: Loudness;
  after: Loudness;
  gain_db: number;
  limited_db: number;
}

export interface ConvertReport {
  output: OutputRef;
  frames: number;
  bytes: number;
  warnings: string[];
}

export type Mode = 'aeolian' | 'dorian' | 'lydian' | 'phrygian' | 'ionian' | 'mixolydian';

export interface AmbientStatus {
  playing: boolean;
  key: string;
  mode: Mode;
  bpm: number;
  intensity: number;
  seed: number;
  volume: number;
  chord: string | null;
  next_chord: string | null;
  bar: number;
  elapsed_secs: number;
  device: string | null;
  underruns: number;
  render_load: number;
}

export interface DialogueLine {
  character_id: string;
  text: string;
}

export interface Shot {
  id: string;
  duration_sec: number;
  visual_description: string;
  start_base_image_id: string;
  end_base_image_id: string;
  setting?: string | null;
  motion_prompt?: string | null;
  is_talking_closeup?: boolean;
  dialogue?: DialogueLine[];
  /** `hold`, `push_in`, `pan_left` … */
  camera?: string | null;
  score?: ShotScore | null;
}

/** The music of a shot. */
export interface ShotScore {
  key: string;
  mode: Mode;
  bpm: number;
  /** 0 to 1. */
  intensity: number;
}

export interface TimelineLine {
  type: 'dialogue' | 'silence';
  start_time_sec: number;
  duration_sec: number;
  character_id?: string;
  text?: string;
}

/** A picture at a cut; shot `i` goes from image `i` to image `i + 1`. */
export interface BaseImage {
  id: string;
  prompt: string;
  seed?: number | null;
}

export interface MoviePlan {
  title: string;
  base_images: BaseImage[];
  shots: Shot[];
  characters?: { id: string; name: string; description?: string | null }[];
  dialogue_timeline: TimelineLine[];
  render_profile: { video: { model_id: string; max_fps?: number | null } };
  metadata?: Record<string, Json>;
}

export interface FilmRender {
  video_path: string;
  captions_path: string;
  width: number;
  height: number;
  duration_secs: number;
  rendered_at: string;
  /** Shows the present revision of the plan. */
  current: boolean;
}

export interface Film {
  id: string;
  title: string;
  plan: MoviePlan;
  revision: number;
  can_undo: boolean;
  can_redo: boolean;
  updated_at: string;
  render: FilmRender | null;
}

export interface FilmSummary {
  id: string;
  title: string;
  shots: number;
  duration_secs: number;
  updated_at: string;
  rendered: boolean;
}

export interface Problem {
  path: string;
  message: string;
}

export interface EstimateStep {
  step: string;
  items: number;
  reused: number;
  seconds: number;
  bytes: number;
  cost_micro_usd: number | null;
}

export interface Estimate {
  steps: EstimateStep[];
  seconds: number;
  bytes: number;
  cost_micro_usd: number | null;
}

export interface RenderReport {
  mode: 'run' | 'dry';
  video_path: string | null;
  captions_path: string | null;
  duration_secs: number;
  loudness: Loudness | null;
  steps: { step: string; items: number; made: number; reused: number }[];
  cost_micro_usd: number;
}

export interface PlayerInfo {
  player: string;
  duration_secs: number;
  width: number;
  height: number;
  frame_rate: Rational;
  frames: number;
  audio: boolean;
  /** There is a device to hear it; without one it plays silently. */
  audible: boolean;
}

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'interrupted';

export interface StudioErrorBody {
  code: string;
  message: string;
  field?: string | null;
  hint?: string | null;
}

export interface Job {
  id: string;
  operation: string;
  title: string;
  status: JobStatus;
  stage: string;
  fraction: number;
  eta_secs: number | null;
  project: string | null;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  attempt: number;
  input: Json;
  output: Json;
  error: StudioErrorBody | null;
}

export interface LogLine {
  at: string;
  level: 'info' | 'warning' | 'error';
  text: string;
}

export interface Setting {
  key: string;
  title: string;
  summary: string;
  value: Json;
  default: Json;
  origin: 'default' | 'file' | 'environment' | 'flag';
  type: string;
  minimum?: number | null;
  maximum?: number | null;
  choices?: string[] | null;
}

export interface SystemInfo {
  version: string;
  home: string;
  projects_folder: string;
  ffmpeg: string;
  audio_devices: string[];
  default_audio_device: string | null;
  voices: boolean;
}

export interface OperationInfo {
  name: string;
  title: string;
  summary: string;
  traits: {
    resource: 'cpu' | 'gpu' | 'network' | 'realtime';
    job: boolean;
    writes: boolean;
    spends: boolean;
    approval: boolean;
    /** Media type of the bytes that it answers instead of JSON. */
    blob: string | null;
  };
  positional: string | null;
  input_schema: Json;
  output_schema: Json;
}

export type StudioEvent =
  | { type: 'job.changed'; job: Job }
  | { type: 'project.changed'; project: string }
  | { type: 'asset.changed'; project: string; asset: string }
  | { type: 'film.changed'; project: string; film: string }
  | { type: 'ambient.changed'; status: AmbientStatus }
  | { type: 'player.clock'; player: string; frame: number; playing: boolean }
  | { type: 'player.ended'; player: string }
  | { type: 'settings.changed' }
  /** This window fell behind: it must read the present state anew. */
  | { type: 'events.missed'; count: number };

type None = Record<string, never>;
type InProject = { project: string };
type InFilm = { project: string; film: string };
type Score = { key: string; mode: Mode; bpm: number; intensity: number };

/** The operations that the pages call: input and output by name. */
export interface Operations {
  'project.create': [{ name: string; folder?: string }, Project];
  'project.open': [{ path: string }, Project];
  'project.info': [InProject, Project];
  'project.list': [None, { projects: Project[] }];
  'asset.import': [{ project: string; path: string; mode?: 'copy' | 'reference' }, Asset];
  'asset.list': [InProject, { assets: Asset[] }];
  'asset.remove': [{ project: string; asset: string }, Asset];
  'asset.restore': [{ project: string; asset: string }, Asset];
  'audio.loudness': [AudioSource, Loudness];
  'audio.normalize': [
    AudioSource & { target_lufs?: number; ceiling_dbtp?: number },
    NormalizeReport,
  ];
  'audio.convert': [AudioSource & { format: string; quality?: string }, ConvertReport];
  'ambient.play': [Score & { seed?: number; volume: number }, AmbientStatus];
  'ambient.set': [Partial<Score & { volume: number }>, AmbientStatus];
  'ambient.stop': [None, AmbientStatus];
  'ambient.status': [None, AmbientStatus];
  'movie.plan': [
    { sentence: string; duration_secs?: number; shots?: number; seed?: number; project?: string },
    { film: string | null; plan: MoviePlan; problems: Problem[] },
  ];
  'movie.import': [{ project: string; path?: string }, Film];
  'movie.list': [InProject, { films: FilmSummary[] }];
  'movie.get': [InFilm, Film];
  'movie.update_shot': [
    InFilm & {
      shot: string;
      visual_description?: string;
      duration_sec?: number;
      camera?: string;
      reseed?: boolean;
    },
    Film,
  ];
  'movie.undo': [InFilm, Film];
  'movie.redo': [InFilm, Film];
  'movie.estimate': [InFilm & { width?: number; height?: number }, Estimate];
  'movie.render': [
    InFilm & { mode?: 'run' | 'dry'; width?: number; height?: number },
    RenderReport,
  ];
  'player.open': [{ path: string } | { project: string; asset: string } | InFilm, PlayerInfo];
  'player.play': [{ player: string }, Json];
  'player.pause': [{ player: string }, Json];
  'player.close': [{ player: string }, Json];
  'player.seek': [{ player: string; frame: number }, Json];
  'player.volume': [{ player: string; volume: number }, Json];
  'job.list': [{ limit?: number; status?: JobStatus }, { jobs: Job[] }];
  'job.show': [{ job: string }, Job & { log: LogLine[] }];
  'job.cancel': [{ job: string }, Job];
  'job.resume': [{ job: string }, Job];
  'job.retry': [{ job: string }, Job];
  'settings.get': [None, { file: string; settings: Setting[] }];
  'settings.set': [{ key: string; value: Json }, Json];
  'settings.reset': [{ key: string }, Json];
  'system.info': [None, SystemInfo];
}

export type OperationName = keyof Operations;
export type Input<N extends OperationName> = Operations[N][0];
export type Output<N extends OperationName> = Operations[N][1];
