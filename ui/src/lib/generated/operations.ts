// Generated from the registry by `cargo xtask generate`.

export type Asset = { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; created_at: string };

export type AssetKind = "audio" | "video" | "image";

export type AudioFacts = { codec: string; sample_rate: number; channels: number; frames: number; bits_per_sample: number | null };

export type AudioInfo = { codec: string; sample_rate: SampleRate; channels: number; frames: number; bits_per_sample: number | null };

export type BaseImage = { id: string; prompt: string; seed?: number | null };

export type Character = { id: string; name: string; description?: string | null; voice_profile: Record<string, string> };

export type Container = "wav" | "flac" | "mp3" | "m4a" | "ogg" | "opus" | "aiff";

export type Error = { code: ErrorCode; message: string; field?: string | null; hint?: string | null };

export type ErrorCode = "bad_input" | "not_found" | "unsupported" | "refused" | "conflict" | "newer_version" | "cancelled" | "io" | "disk_full" | "no_device" | "no_display" | "network" | "internal";

export type FrameRate = { num: number; den: number };

export type ImportMode = "copy" | "reference";

export type Job = { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null };

export type JobStatus = "running" | "succeeded" | "failed" | "cancelled" | "queued" | "interrupted";

export type Key = string;

export type Line = { character_id: string; text: string };

export type LogLevel = "info" | "warning" | "error";

export type LogLine = { at: string; level: LogLevel; text: string };

export type Loudness = { integrated_lufs: number | null; momentary_max_lufs: number | null; short_term_max_lufs: number | null; range_lu: number; true_peak_dbtp: number | null; sample_peak_dbfs: number | null; duration_secs: number };

export type Mode = "aeolian" | "dorian" | "lydian" | "phrygian" | "ionian" | "mixolydian";

export type MoviePlan = { title: string; base_images: Array<BaseImage>; shots: Array<Shot>; characters: Array<Character>; dialogue_timeline: Array<Span>; render_profile: RenderProfile; metadata: Record<string, unknown> };

export type Origin = "default" | "file" | "environment" | "flag";

export type Output = { path: string; asset: string | null };

export type Problem = { path: string; message: string };

export type ProjectInfo = { id: string; name: string; path: string; created_at: string | null; modified_at: string | null; assets: number; films: number; bytes: number; missing: boolean };

export type Quality = "lossless" | "high" | "medium" | "voice";

export type Render = { video_path: string; captions_path: string; width: number; height: number; duration_secs: number; rendered_at: string; revision: number; key: string; current: boolean };

export type RenderMode = "run" | "dry";

export type RenderProfile = { video: VideoProfile; metadata: Record<string, unknown> };

export type SampleRate = number;

export type Score = { key: string; mode: string; bpm: number; intensity: number };

export type Setting = { key: string; title: string; summary: string; value: unknown; default: unknown; origin: Origin; type: string; minimum?: number | null; maximum?: number | null; choices?: Array<string> | null };

export type Shot = { id: string; duration_sec: number; visual_description: string; start_base_image_id: string; end_base_image_id: string; setting?: string | null; motion_prompt?: string | null; is_talking_closeup: boolean; dialogue: Array<Line>; camera?: string | null; score?: Score | null };

export type Span = { type: "dialogue"; start_time_sec: number; duration_sec: number; character_id: string; text: string } | { type: "silence"; start_time_sec: number; duration_sec: number };

export type StepEstimate = { step: string; items: number; reused: number; seconds: number; bytes: number; cost_micro_usd: number };

export type StepReport = { step: string; items: number; made: number; reused: number; seconds: number; bytes: number };

export type Summary = { id: string; title: string; shots: number; duration_secs: number; updated_at: string; rendered: boolean };

export type VideoFacts = { codec: string; width: number; height: number; frame_rate: FrameRate; frames: number };

export type VideoInfo = { codec: string; width: number; height: number; frame_rate: FrameRate; frames: number };

export type VideoProfile = { model_id: string; max_fps?: number | null; notes?: string | null };

export type Voice = { id: string; name: string; language: string; gender: string | null; provider: string };

export interface Operations {
  'ambient.play': { input: { key?: Key | null; mode?: Mode | null; bpm?: number | null; intensity?: number | null; seed?: number | null; volume?: number | null }; output: { playing: boolean; key: string; mode: Mode; bpm: number; intensity: number; seed: number; volume: number; chord: string | null; next_chord: string | null; bar: number; elapsed_secs: number; device: string | null; underruns: number; render_load: number } };
  'ambient.render': { input: { duration_secs: number; key?: Key | null; mode?: Mode | null; bpm?: number | null; intensity?: number | null; seed?: number; target_lufs?: number | null; project?: string | null; output?: string | null; format?: Container | null }; output: { output: Output; duration_secs: number; loudness: Loudness } };
  'ambient.set': { input: { key?: Key | null; mode?: Mode | null; bpm?: number | null; intensity?: number | null; seed?: number | null; volume?: number | null }; output: { playing: boolean; key: string; mode: Mode; bpm: number; intensity: number; seed: number; volume: number; chord: string | null; next_chord: string | null; bar: number; elapsed_secs: number; device: string | null; underruns: number; render_load: number } };
  'ambient.status': { input: Record<string, unknown>; output: { playing: boolean; key: string; mode: Mode; bpm: number; intensity: number; seed: number; volume: number; chord: string | null; next_chord: string | null; bar: number; elapsed_secs: number; device: string | null; underruns: number; render_load: number } };
  'ambient.stop': { input: Record<string, unknown>; output: { playing: boolean; key: string; mode: Mode; bpm: number; intensity: number; seed: number; volume: number; chord: string | null; next_chord: string | null; bar: number; elapsed_secs: number; device: string | null; underruns: number; render_load: number } };
  'asset.import': { input: { project: string; path: string; mode?: ImportMode }; output: { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; created_at: string } };
  'asset.list': { input: { project: string }; output: { assets: Array<Asset> } };
  'asset.remove': { input: { project: string; asset: string }; output: { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; created_at: string } };
  'asset.restore': { input: { project: string; asset: string }; output: { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; created_at: string } };
  'audio.convert': { input: { path?: string | null; project?: string | null; asset?: string | null; format: Container; quality?: Quality; sample_rate?: number | null; output?: string | null }; output: { output: Output; frames: number; bytes: number; warnings: Array<string> } };
  'audio.loudness': { input: { path?: string | null; project?: string | null; asset?: string | null }; output: { integrated_lufs: number | null; momentary_max_lufs: number | null; short_term_max_lufs: number | null; range_lu: number; true_peak_dbtp: number | null; sample_peak_dbfs: number | null; duration_secs: number } };
  'audio.normalize': { input: { path?: string | null; project?: string | null; asset?: string | null; target_lufs?: number; ceiling_dbtp?: number; output?: string | null; format?: Container | null }; output: { output: Output; before: Loudness; after: Loudness; gain_db: number; limited_db: number } };
  'audio.peaks': { input: { path?: string | null; project?: string | null; asset?: string | null; samples_per_peak?: number }; output: ArrayBuffer };
  'audio.probe': { input: { path?: string | null; project?: string | null; asset?: string | null }; output: { path: string; container: string; media_type: string; duration_secs: number | null; bytes: number; audio: AudioInfo | null; video: VideoInfo | null; is_image: boolean; tags: Record<string, string>; cover_art: boolean } };
  'job.cancel': { input: { job: string }; output: { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null } };
  'job.list': { input: { limit?: number; status?: JobStatus | null }; output: { jobs: Array<Job> } };
  'job.resume': { input: { job: string }; output: { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null } };
  'job.retry': { input: { job: string }; output: { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null } };
  'job.show': { input: { job: string }; output: { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null; log: Array<LogLine> } };
  'movie.estimate': { input: { project: string; film: string; width?: number | null; height?: number | null }; output: { steps: Array<StepEstimate>; seconds: number; bytes: number; cost_micro_usd: number } };
  'movie.get': { input: { project: string; film: string }; output: { id: string; title: string; plan: MoviePlan; revision: number; can_undo: boolean; can_redo: boolean; updated_at: string; render: Render | null } };
  'movie.import': { input: { project: string; path?: string | null; plan?: unknown }; output: { id: string; title: string; plan: MoviePlan; revision: number; can_undo: boolean; can_redo: boolean; updated_at: string; render: Render | null } };
  'movie.list': { input: { project: string }; output: { films: Array<Summary> } };
  'movie.picture': { input: { project?: string | null; film?: string | null; plan?: unknown; image: string; width?: number }; output: ArrayBuffer };
  'movie.plan': { input: { sentence: string; duration_secs?: number; shots?: number | null; seed?: number; fps?: number; project?: string | null }; output: { film: string | null; plan: MoviePlan; problems: Array<Problem> } };
  'movie.redo': { input: { project: string; film: string }; output: { id: string; title: string; plan: MoviePlan; revision: number; can_undo: boolean; can_redo: boolean; updated_at: string; render: Render | null } };
  'movie.render': { input: { project: string; film: string; mode?: RenderMode; width?: number | null; height?: number | null }; output: { mode: RenderMode; video_path: string | null; captions_path: string | null; duration_secs: number; loudness: Loudness | null; steps: Array<StepReport>; cost_micro_usd: number } };
  'movie.undo': { input: { project: string; film: string }; output: { id: string; title: string; plan: MoviePlan; revision: number; can_undo: boolean; can_redo: boolean; updated_at: string; render: Render | null } };
  'movie.update_shot': { input: { project: string; film: string; shot: string; visual_description?: string | null; duration_sec?: number | null; camera?: string | null; reseed?: boolean }; output: { id: string; title: string; plan: MoviePlan; revision: number; can_undo: boolean; can_redo: boolean; updated_at: string; render: Render | null } };
  'movie.validate': { input: { plan: unknown }; output: { valid: boolean; problems: Array<Problem> } };
  'player.close': { input: { player: string }; output: { player: string } };
  'player.frame': { input: { player: string; frame: number; width: number }; output: ArrayBuffer };
  'player.open': { input: { path?: string | null; project?: string | null; asset?: string | null; film?: string | null }; output: { player: string; duration_secs: number; width: number; height: number; frame_rate: FrameRate; frames: number; audio: boolean; audible: boolean } };
  'player.pause': { input: { player: string }; output: { player: string; frame: number; playing: boolean; volume: number } };
  'player.play': { input: { player: string }; output: { player: string; frame: number; playing: boolean; volume: number } };
  'player.seek': { input: { player: string; frame: number }; output: { player: string; frame: number; playing: boolean; volume: number } };
  'player.status': { input: { player: string }; output: { player: string; frame: number; playing: boolean; volume: number } };
  'player.volume': { input: { player: string; volume: number }; output: { player: string; frame: number; playing: boolean; volume: number } };
  'project.create': { input: { name: string; folder?: string | null }; output: { id: string; name: string; path: string; created_at: string | null; modified_at: string | null; assets: number; films: number; bytes: number; missing: boolean } };
  'project.info': { input: { project: string }; output: { id: string; name: string; path: string; created_at: string | null; modified_at: string | null; assets: number; films: number; bytes: number; missing: boolean } };
  'project.list': { input: Record<string, unknown>; output: { projects: Array<ProjectInfo> } };
  'project.open': { input: { path: string }; output: { id: string; name: string; path: string; created_at: string | null; modified_at: string | null; assets: number; films: number; bytes: number; missing: boolean } };
  'settings.get': { input: Record<string, unknown>; output: { file: string; settings: Array<Setting> } };
  'settings.reset': { input: { key: string }; output: { file: string; settings: Array<Setting> } };
  'settings.set': { input: { key: string; value: unknown }; output: { file: string; settings: Array<Setting> } };
  'speech.synthesize': { input: { text: string; voice?: string | null; rate?: number; pitch?: number; project?: string | null; output?: string | null }; output: { output: Output; duration_secs: number; sample_rate: number; voice: string; provider: string; synth_secs: number } };
  'speech.voices': { input: Record<string, unknown>; output: { voices: Array<Voice> } };
  'system.info': { input: Record<string, unknown>; output: { version: string; home: string; projects_folder: string; ffmpeg: string; audio_devices: Array<string>; default_audio_device: string | null; voices: boolean } };
}
