// Generated from the registry by `cargo xtask generate`.

export type AnswerFacts = { model: string; because: string; decision: string | null; reasoning: string; usage: Usage; cost: MicroUsd | null; first_token_ms: number | null; tokens_per_sec: number | null; end: string; error: string | null; warnings: Array<string> };

export type ApiKey = { id: string; name: string; scopes: Array<KeyScope>; created_at: string; expires_at: string | null; revoked_at: string | null; requests_per_minute: number | null; budget: MicroUsd | null };

export type Asset = { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; privacy: Privacy; created_at: string };

export type AssetKind = "audio" | "video" | "image";

export type AssetRef = { project: string; asset: string };

export type Attempt = { model: string; failure: string | null; detail: string | null };

export type AudioFacts = { codec: string; sample_rate: number; channels: number; frames: number; bits_per_sample: number | null };

export type AudioInfo = { codec: string; sample_rate: SampleRate; channels: number; frames: number; bits_per_sample: number | null };

export type Automation = { parameter: string; curve?: Curve; points: Array<Point>; bypass?: boolean };

export type Band = { frequency_hz?: number; gain_db?: number; q?: number; shape?: Shape };

export type BaseImage = { id: string; prompt: string; seed?: number | null };

export type Bend = "soft" | "cubic" | "hard" | "fold";

export type BitCrusher = { bits?: number; rate_hz?: number };

export type Bpm = number;

export type BudgetState = { scope: Scope; name: string; taken: MicroUsd; limit: MicroUsd; warn_at: MicroUsd };

export type Capability = "tools" | "embedding" | "json" | "schema" | "vision" | "audio" | "reasoning" | "transcription";

export type Chain = { effects: Array<Slot> };

export type ChainPreset = { id: string; name: string; summary: string; chain: unknown; own: boolean };

export type Chapter = { start_ms: number; end_ms: number; title: string };

export type Character = { id: string; name: string; description?: string | null; voice_profile: Record<string, string> };

export type ChatMessage = { id: string; parent: string | null; created_at: string; message: Message; answer: AnswerFacts | null };

export type ChatRequest = { messages: Array<Message>; tools?: Array<Tool>; tool_choice?: ToolChoice; response?: ResponseFormat; sampling?: Sampling; max_tokens?: number | null; effort?: Effort | null; stop?: Array<string> };

export type Choice = { name: string; summary: string; options: Array<Way> };

export type Chorus = { rate_hz?: number; depth_ms?: number; delay_ms?: number; feedback?: number; spread?: number };

export type Circuit = "closed" | "open" | "half_open";

export type Clip = { id: ClipId; name: string; source: string; start: number; from: number; length: number; gain_db: number; fade_in: Fade; fade_out: Fade; envelope: Array<EnvelopePoint>; muted: boolean };

export type ClipId = number;

export type ComingChord = { beat: number; name: string };

export type ComingNote = { beat: number; beats: number; pitch: number; velocity: number; part: ComingPart };

export type ComingPart = "harmony" | "bass" | "melody";

export type Compressor = { threshold_db?: number; ratio?: number; knee_db?: number; attack_ms?: number; release_ms?: number; make_up_db?: number; side_chain_high_pass_hz?: number; lookahead_ms?: number; detector?: Detector; make_up?: MakeUp };

export type Container = "wav" | "flac" | "mp3" | "m4a" | "ogg" | "opus" | "aiff";

export type Conversation = { id: string; title: string; created_at: string; updated_at: string; model: string | null; privacy: Privacy; system: string; project: string | null; head: string | null };

export type Convolution = { gain_db?: number; impulse?: string };

export type Curve = "linear" | "hold";

export type DeClick = { threshold?: number; longest_ms?: number };

export type DeEsser = { frequency_hz?: number; threshold_db?: number; ratio?: number; range_db?: number; attack_ms?: number; release_ms?: number };

export type DeHum = { frequency_hz?: number; width_hz?: number; harmonics?: number };

export type Decision = { ranked: Array<Scored>; excluded: Array<Excluded>; because: string };

export type DecisionRecord = { id: string; at: string; operation: string; question: Question; decision: Decision; outcome: Outcome | null };

export type Delay = { time_ms?: number; feedback?: number; damping_hz?: number; routing?: Routing };

export type Delivery = "spotify" | "apple_music" | "youtube" | "amazon_music" | "tidal" | "deezer" | "podcast" | "podcast_mono" | "audiobook" | "ebu_r128" | "atsc_a85";

export type Detector = "peak" | "rms";

export type Draft = { parent: string; model: string; because: string; text: string; reasoning: string };

export type Edit = { edit: "rename"; name: string } | { edit: "add_track"; name?: string | null; index?: number | null } | { edit: "remove_track"; track: TrackId } | { edit: "move_track"; track: TrackId; index: number } | { edit: "set_track"; track: TrackId; name?: string | null; gain_db?: number | null; pan?: number | null; muted?: boolean | null; soloed?: boolean | null } | { edit: "set_effects"; track?: TrackId | null; effects: Chain } | { edit: "set_automation"; track?: TrackId | null; automation: Array<Automation> } | { edit: "set_mix"; gain_db: number } | { edit: "add_clips"; clips: Array<NewClip> } | { edit: "remove_clips"; clips: Array<ClipId>; ripple?: boolean } | { edit: "move_clips"; clips: Array<ClipId>; by: number; tracks?: number; copy?: boolean } | { edit: "trim_clip"; clip: ClipId; start: number; end: number } | { edit: "slip_clip"; clip: ClipId; by: number } | { edit: "split"; at: number; clips?: Array<ClipId> } | { edit: "set_clip"; clip: ClipId; name?: string | null; gain_db?: number | null; fade_in?: Fade | null; fade_out?: Fade | null; envelope?: Array<EnvelopePoint> | null; muted?: boolean | null } | { edit: "cut_range"; from: number; to: number; tracks?: Array<TrackId>; ripple?: boolean } | { edit: "insert_silence"; at: number; length: number; tracks?: Array<TrackId> } | { edit: "set_marker"; marker?: MarkerId | null; name: string; at: number; length?: number } | { edit: "remove_marker"; marker: MarkerId };

export type EffectKind = { name: string; title: string; family: Family; summary: string; defaults: unknown; parameters: Array<Parameter>; choices: Array<Choice> };

export type EffectSettings = { equalizer: Equalizer } | { pass_filter: PassFilter } | { ladder: Ladder } | { gain: Gain } | { compressor: Compressor } | { limiter: TruePeakLimiter } | { gate: Gate } | { de_esser: DeEsser } | { delay: Delay } | { chorus: Chorus } | { flanger: Flanger } | { phaser: Phaser } | { pitch_shift: PitchShift } | { saturation: Saturation } | { bit_crusher: BitCrusher } | { width: Width } | { reverb: Reverb } | { convolution: Convolution } | { noise_reduction: NoiseReduction } | { voice_denoise: VoiceDenoise } | { de_click: DeClick } | { de_hum: DeHum };

export type Effort = "low" | "medium" | "high" | "none";

export type Encoding = "o200k_base" | "cl100k_base" | "estimated";

export type Entry = { id: string; name: string; revision: number; updated_at: string };

export type EnvelopePoint = { at: number; gain_db: number };

export type Equalizer = { bands?: Array<Band> };

export type Error = { code: ErrorCode; message: string; field?: string | null; hint?: string | null };

export type ErrorCode = "bad_input" | "not_found" | "unsupported" | "refused" | "conflict" | "newer_version" | "cancelled" | "io" | "disk_full" | "no_device" | "no_display" | "network" | "internal";

export type Excluded = { model: string; reason: Reason };

export type ExportParts = "mix" | "tracks" | "regions";

export type ExportedFile = { name: string; output: Output; frames: number };

export type Fade = { length: number; shape?: FadeShape };

export type FadeShape = "linear" | "equal_power" | "smooth" | "decibels";

export type Family = "tone" | "dynamics" | "modulation" | "distortion" | "space" | "repair";

export type Finish = "tool_calls" | "stop" | "length" | "content_filter";

export type Flanger = { rate_hz?: number; depth_ms?: number; delay_ms?: number; feedback?: number; spread?: number };

export type FollowedGain = { least_db: number; most_db: number };

export type Format = "gguf" | "safetensors";

export type Found = { conversation: string; title: string; message: string; excerpt: string };

export type FoundRepo = { repo: string; downloads: number; likes: number; licence: string | null; is_gated: boolean; changed: string | null };

export type FrameRate = { num: number; den: number };

export type Gain = { gain_db?: number; polarity?: Polarity };

export type Gate = { threshold_db?: number; ratio?: number; range_db?: number; attack_ms?: number; hold_ms?: number; release_ms?: number; lookahead_ms?: number };

export type GotFile = { path: string; file: string; bytes: number; commit: string; sha256: string | null };

export type HeardLoudness = { momentary_lufs: number | null; short_term_lufs: number | null; integrated_lufs: number | null; range_lu: number; true_peak_dbtp: number | null };

export type ImportMode = "copy" | "reference";

export type Intensity = number;

export type Job = { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null };

export type JobStatus = "running" | "succeeded" | "failed" | "cancelled" | "queued" | "interrupted";

export type Key = string;

export type KeyClarity = { windows: number; clear: number; correlation: number };

export type KeyPlace = "missing" | "keychain" | "encrypted_file" | "unneeded" | { environment: string };

export type KeyScope = "read" | "write" | "models";

export type Ladder = { cutoff_hz?: number; resonance?: number; drive_db?: number; mode?: LadderMode };

export type LadderMode = "low_pass12" | "low_pass24" | "band_pass12" | "band_pass24" | "high_pass12" | "high_pass24";

export type Layer = "pad" | "bell" | "pluck" | "drone" | "air" | "piano" | "percussion";

export type Line = { character_id: string; text: string };

export type LocalFile = { path: string; bytes: number | null; here_bytes: number };

export type LocalModel = { id: string; name: string; family: string; state: State; bytes: number | null; here_bytes: number; memory_bytes: number | null; context_tokens: number; capabilities: Array<Capability>; architecture: string; quantisation: string | null; format: Format; repo: string; revision: string; files: Array<LocalFile>; licence: string | null; licence_url: string | null; licence_is_free: boolean; is_found: boolean };

export type LogLevel = "info" | "warning" | "error";

export type LogLine = { at: string; level: LogLevel; text: string };

export type Loop = { from: number; to: number };

export type Loudness = { integrated_lufs: number | null; momentary_max_lufs: number | null; short_term_max_lufs: number | null; range_lu: number; true_peak_dbtp: number | null; sample_peak_dbfs: number | null; duration_secs: number };

export type LoudnessHistory = { every_secs: number; momentary_lufs: Array<number | null>; short_term_lufs: Array<number | null> };

export type MakeUp = "manual" | "auto";

export type Marker = { id: MarkerId; name: string; at: number; length: number };

export type MarkerId = number;

export type Melody = { notes: number; chord_tones: number; scale_tones: number; passing_tones: number; foreign_tones: number; within_constraints: number; clashes: number };

export type Message = { role: "system"; text: string } | { role: "user"; parts: Array<Part> } | { role: "assistant"; text: string; tool_calls?: Array<ToolCall> } | { role: "tool"; call: string; text: string };

export type MicroUsd = number;

export type Mode = "aeolian" | "dorian" | "lydian" | "phrygian" | "ionian" | "mixolydian";

export type ModelState = { id: string; name: string; family?: string; model: string; context_tokens: number; output_tokens: number; capabilities: Array<Capability>; encoding: Encoding; quality: Record<string, number>; licence?: string | null; licence_url?: string | null; weights?: Weights | null; provider: string; on_this_machine: boolean; price: Price | null; is_free: boolean; readiness: Readiness; circuit: Circuit; first_token_ms: number | null; first_token_p95_ms: number | null; tokens_per_sec: number | null; usual_cost: MicroUsd | null };

export type MoviePlan = { title: string; base_images: Array<BaseImage>; shots: Array<Shot>; characters: Array<Character>; dialogue_timeline: Array<Span>; render_profile: RenderProfile; metadata: Record<string, unknown> };

export type NamedParams = { name: string; params: Params };

export type Narration = { rms_dbfs: number | null; peak_dbfs: number | null; noise_floor_dbfs: number | null; faults: Array<string> };

export type NewClip = { track: TrackId; source: string; start: number; from?: number; length?: number | null; name?: string | null; gain_db?: number; fade_in?: Fade; fade_out?: Fade; envelope?: Array<EnvelopePoint>; muted?: boolean };

export type NoiseProfile = { step_hz: number; levels_db: Array<number> };

export type NoiseReduction = { reduction_db?: number; sensitivity_db?: number; profile?: NoiseProfile | null };

export type NormalizeWay = "linear" | "dynamic";

export type NormalizedTrack = { path: string; output: string; before: Loudness; after: Loudness; limited_db: number };

export type Origin = "default" | "file" | "environment" | "flag";

export type Outcome = { attempts: Array<Attempt>; model: string | null; usage: Usage; cost: MicroUsd | null; first_token_ms: number | null; total_ms: number };

export type Output = { path: string; asset: string | null };

export type Oversampling = "off" | "twice" | "four_times";

export type Parameter = { name: string; unit: string; min: number; max: number; default: number; fixed: boolean; summary: string; logarithmic: boolean };

export type Params = { key: Key; mode: Mode; bpm: Bpm; intensity: Intensity };

export type Part = { type: "text"; text: string } | { type: "image"; media_type: string; data: string };

export type PartWeights = { quality: number; price: number; latency: number; health: number; locality: number; readiness: number };

export type Parts = { quality: number; price: number; latency: number; health: number; locality: number; readiness: number };

export type Pass = "low" | "high";

export type PassFilter = { frequency_hz?: number; pass?: Pass; order?: number };

export type Phase = "empty" | "loading" | "ready" | "answering" | "reading";

export type Phaser = { rate_hz?: number; centre_hz?: number; depth_octaves?: number; feedback?: number; spread?: number; stages?: number };

export type Picture = { media_type: string; data: string };

export type PipelineEntry = { source: string; output: string; outcome: PipelineOutcome; error: string | null; lufs_before: number | null; lufs_after: number | null; took_secs: number; warnings: Array<string>; made_of: string };

export type PipelineOutcome = "done" | "kept" | "failed" | "waiting";

export type PipelineStep = { process: { preset?: string | null; chain?: Chain | null; cut_tail?: boolean } } | { normalize: { delivery?: Delivery; target_lufs?: number | null; ceiling_dbtp?: number | null; way?: NormalizeWay } };

export type PitchShift = { semitones?: number };

export type Point = { at_secs: number; value: number };

export type Polarity = "kept" | "inverted";

export type Policy = "cheapest" | "fastest" | "best" | "balanced" | "local_only" | { custom: PartWeights };

export type Price = { model: string; as_of: string; source: string; input?: number | null; cached?: number | null; cache_write?: number | null; output?: number | null; image?: number | null; second?: number | null };

export type Privacy = "may_leave" | "local_only";

export type Problem = { path: string; message: string };

export type ProjectInfo = { id: string; name: string; path: string; created_at: string | null; modified_at: string | null; assets: number; films: number; bytes: number; missing: boolean };

export type Protocol = "openai" | "openai-responses" | "anthropic" | "gemini" | "ollama" | "local" | "hub";

export type ProviderState = { id: string; name: string; protocol: Protocol; base_url?: string | null; key_env?: string | null; needs_key: boolean; on_this_machine: boolean; is_free: boolean; key: KeyPlace; models: number; added: boolean };

export type Quality = "lossless" | "high" | "medium" | "voice";

export type Question = { task: Task; policy: Policy; privacy: Privacy; needs: Array<Capability>; input_tokens: number; output_tokens: number; pinned: string | null; sticky: string | null; allow_unknown_price: boolean; most_cost: MicroUsd | null };

export type Readiness = "ready" | { loadable: number } | "missing";

export type Reason = "privacy" | "other_task" | { lacks: Capability } | { context: { needs: number; has: number } } | "unknown_price" | { too_dear: { costs: MicroUsd } } | "resting" | "not_ready" | { memory: { needs: number; free: number } };

export type Render = { video_path: string; captions_path: string; width: number; height: number; duration_secs: number; rendered_at: string; revision: number; key: string; current: boolean };

export type RenderMode = "run" | "dry";

export type RenderProfile = { video: VideoProfile; metadata: Record<string, unknown> };

export type ReplayGain = { lufs: number; peak: number; gain_db: number };

export type ReplayGainTrack = { path: string; gain: ReplayGain | null };

export type RepoFile = { path: string; bytes: number; sha256: string | null; is_here: boolean };

export type Report = { secs: number; notes: number; degrees: Array<number>; cadences: number; consistency: number | null; melody: Melody | null; voice_leading: VoiceLeading | null; key_clarity: KeyClarity | null; bars: number; repeated_bars: number; roughness: RoughnessReport | null };

export type ResponseFormat = "text" | "json" | { schema: { name: string; schema: Record<string, unknown> } };

export type Reverb = { decay_secs?: number; high_decay?: number; pre_delay_ms?: number; size?: number; width?: number };

export type RoughnessReport = { mean: number; highest: number };

export type Routing = "straight" | "ping_pong";

export type SampleRate = number;

export type Sampling = { temperature?: number | null; top_p?: number | null; top_k?: number | null; min_p?: number | null; repetition_penalty?: number | null; logit_bias?: Record<string, unknown>; seed?: number | null };

export type Saturation = { drive_db?: number; bias?: number; output_db?: number; bend?: Bend; oversampling?: Oversampling };

export type Scope = "day" | "month" | "project" | "key";

export type Score = { key: string; mode: string; bpm: number; intensity: number };

export type Scored = { model: string; score: number; parts: Parts; most_cost: MicroUsd | null };

export type ServerProblem = { server: string; error: Error };

export type ServerState = { server: string; state: Standing; reached_by: string; env: Array<string>; headers: Array<string>; trusted: boolean; title: string | null; version: string | null; protocol: string | null; tools: number | null; error: Error | null };

export type Session = { name: string; rate: number; tracks: Array<Track>; markers: Array<Marker>; gain_db: number; effects: Chain; automation?: Array<Automation>; sources: Record<string, SourceFacts>; next_id: number };

export type SessionStep = { revision: number; at: string; title: string; abandoned: boolean };

export type Setting = { key: string; title: string; summary: string; value: unknown; default: unknown; origin: Origin; type: string; minimum?: number | null; maximum?: number | null; choices?: Array<string> | null };

export type Shape = "peak" | "low_shelf" | "high_shelf" | "low_pass" | "high_pass" | "band_pass" | "notch";

export type Share = { model: string; answers: number };

export type Shot = { id: string; duration_sec: number; visual_description: string; start_base_image_id: string; end_base_image_id: string; setting?: string | null; motion_prompt?: string | null; is_talking_closeup: boolean; dialogue: Array<Line>; camera?: string | null; score?: Score | null };

export type Shown = { id: string; parent: string | null; created_at: string; message: Message; answer: AnswerFacts | null; alternatives: Array<string> };

export type ShownTool = { server: string; name: string; title: string | null; description: string | null; input_schema: unknown; output_schema: unknown; read_only: boolean | null; destructive: boolean | null };

export type Slot = { effect: EffectSettings; bypass?: boolean; wet?: number | null; automation?: Array<Automation> };

export type SourceFacts = { frames: number; channels: number };

export type Span = { type: "dialogue"; start_time_sec: number; duration_sec: number; character_id: string; text: string } | { type: "silence"; start_time_sec: number; duration_sec: number };

export type Standing = "disabled" | "connecting" | "connected" | "failed" | "idle" | "restarting" | "invalid";

export type State = "available" | "installed" | "partial" | "unsupported";

export type Stem = { layer: Layer; output: Output };

export type StepEstimate = { step: string; items: number; reused: number; seconds: number; bytes: number; cost_micro_usd: number };

export type StepReport = { step: string; items: number; made: number; reused: number; seconds: number; bytes: number };

export type Summary = { id: string; title: string; shots: number; duration_secs: number; updated_at: string; rendered: boolean };

export type Task = "chat" | "code" | "reasoning" | "summary" | "translation" | "embedding" | "writing" | "transcription";

export type TokenCount = { total: number; text: number; framing: number; tools: number; images: number; exact: boolean };

export type Tool = { name: string; description?: string; parameters: Record<string, unknown> };

export type ToolCall = { id: string; name: string; arguments: Record<string, unknown> };

export type ToolChoice = "none" | "auto" | "required" | { named: string };

export type ToolPart = { type: "text"; text: string } | { type: "data"; media_type: string; data: string; uri: string | null } | { type: "link"; uri: string; name: string | null; media_type: string | null } | { type: "omitted"; media_type: string; bytes: number };

export type Total = { name: string; cost: MicroUsd; requests: number; unpriced: number; input_tokens: number; cached_tokens: number; output_tokens: number };

export type Track = { id: TrackId; name: string; gain_db: number; pan: number; muted: boolean; soloed: boolean; effects: Chain; automation?: Array<Automation>; clips: Array<Clip> };

export type TrackId = number;

export type TruePeakLimiter = { drive_db?: number; ceiling_db?: number; release_ms?: number; lookahead_ms?: number };

export type Usage = { input_tokens: number; cached_tokens: number; cache_write_tokens: number; output_tokens: number; reasoning_tokens: number };

export type VerifiedFile = { result: "whole"; sha256: string } | { result: "damaged"; expected: string; found: string; was_discarded: boolean } | { result: "unknown"; sha256: string } | { result: "missing" };

export type VideoFacts = { codec: string; width: number; height: number; frame_rate: FrameRate; frames: number };

export type VideoInfo = { codec: string; width: number; height: number; frame_rate: FrameRate; frames: number };

export type VideoPicture = { path: string; asset?: string | null; index: number; time_secs: number };

export type VideoPictureFormat = "png" | "jpeg";

export type VideoProbedSound = { codec: string; sample_rate: number; channels: number; duration_secs: number; copies_into: Container | null };

export type VideoProfile = { model_id: string; max_fps?: number | null; notes?: string | null };

export type VideoScene = { start_frame: number; end_frame: number; start_secs: number; end_secs: number };

export type VideoSceneDetector = "content" | "adaptive";

export type VideoThumbnail = { path?: string | null; asset?: string | null; index: number; time_secs: number };

export type VideoThumbnailLayout = "sheet" | "single";

export type VideoTrimMode = "exact" | "copy";

export type Voice = { id: string; name: string; language: string; gender: string | null; provider: string };

export type VoiceDenoise = Record<string, unknown>;

export type VoiceLeading = { changes: number; mean: number; widest: number; parallels: number };

export type Way = { value: unknown; summary: string };

export type Weights = { repo: string; revision: string; format: Format; architecture: string; quantisation?: string | null; files: Array<WeightsFile>; kv_bytes_per_token?: number | null };

export type WeightsFile = { path: string; about_bytes?: number | null; sha256?: string | null };

export type Width = { width?: number; mono_below_hz?: number };

export interface Operations {
  'ambient.ahead': { input: { bars?: number }; output: { beat: number; notes: Array<ComingNote>; chords: Array<ComingChord>; consistency: number | null; roughness: number | null } };
  'ambient.analyze': { input: { path?: string | null; project?: string | null; asset?: string | null; key?: Key | null; mode?: Mode | null; bpm?: number | null; intensity?: number | null; seed?: number; duration_secs?: number }; output: { subject: string; report: Report } };
  'ambient.play': { input: { key?: Key | null; mode?: Mode | null; bpm?: number | null; intensity?: number | null; seed?: number | null; volume?: number | null; stop_after_secs?: number | null }; output: { playing: boolean; key: string; mode: Mode; bpm: number; intensity: number; seed: number; volume: number; chord: string | null; next_chord: string | null; bar: number; elapsed_secs: number; device: string | null; sample_rate: number | null; problem: string | null; stops_in_secs: number | null; recording: boolean; underruns: number; jitter_ms: number; render_load: number } };
  'ambient.presets': { input: Record<string, unknown>; output: { built_in: Array<NamedParams>; own: Array<NamedParams> } };
  'ambient.record': { input: { project: string; duration_secs?: number | null }; output: { output: Output; duration_secs: number } };
  'ambient.remove_preset': { input: { name: string }; output: { built_in: Array<NamedParams>; own: Array<NamedParams> } };
  'ambient.render': { input: { duration_secs: number; key?: Key | null; mode?: Mode | null; bpm?: number | null; intensity?: number | null; seed?: number; target_lufs?: number | null; project?: string | null; output?: string | null; format?: Container | null; stems?: boolean; midi?: string | null }; output: { output: Output; duration_secs: number; loudness: Loudness; stems: Array<Stem>; midi: string | null } };
  'ambient.save_preset': { input: { name: string; key: Key; mode: Mode; bpm: Bpm; intensity: Intensity }; output: { built_in: Array<NamedParams>; own: Array<NamedParams> } };
  'ambient.set': { input: { key?: Key | null; mode?: Mode | null; bpm?: number | null; intensity?: number | null; seed?: number | null; volume?: number | null; stop_after_secs?: number | null }; output: { playing: boolean; key: string; mode: Mode; bpm: number; intensity: number; seed: number; volume: number; chord: string | null; next_chord: string | null; bar: number; elapsed_secs: number; device: string | null; sample_rate: number | null; problem: string | null; stops_in_secs: number | null; recording: boolean; underruns: number; jitter_ms: number; render_load: number } };
  'ambient.status': { input: Record<string, unknown>; output: { playing: boolean; key: string; mode: Mode; bpm: number; intensity: number; seed: number; volume: number; chord: string | null; next_chord: string | null; bar: number; elapsed_secs: number; device: string | null; sample_rate: number | null; problem: string | null; stops_in_secs: number | null; recording: boolean; underruns: number; jitter_ms: number; render_load: number } };
  'ambient.stop': { input: Record<string, unknown>; output: { playing: boolean; key: string; mode: Mode; bpm: number; intensity: number; seed: number; volume: number; chord: string | null; next_chord: string | null; bar: number; elapsed_secs: number; device: string | null; sample_rate: number | null; problem: string | null; stops_in_secs: number | null; recording: boolean; underruns: number; jitter_ms: number; render_load: number } };
  'ambient.stop_recording': { input: Record<string, unknown>; output: { was_recording: boolean } };
  'asset.import': { input: { project: string; path: string; mode?: ImportMode; privacy?: Privacy }; output: { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; privacy: Privacy; created_at: string } };
  'asset.label': { input: { project: string; asset: string; privacy: Privacy }; output: { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; privacy: Privacy; created_at: string } };
  'asset.list': { input: { project: string }; output: { assets: Array<Asset> } };
  'asset.remove': { input: { project: string; asset: string }; output: { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; privacy: Privacy; created_at: string } };
  'asset.restore': { input: { project: string; asset: string }; output: { id: string; name: string; kind: AssetKind; media_type: string; mode: ImportMode; path: string | null; digest: string; bytes: number; duration_secs: number | null; audio: AudioFacts | null; video: VideoFacts | null; tags: Record<string, string>; peaks: string | null; derived_from: string | null; operation: string | null; privacy: Privacy; created_at: string } };
  'audio.convert': { input: { path?: string | null; project?: string | null; asset?: string | null; format: Container; quality?: Quality; sample_rate?: number | null; channels?: number | null; channel_map?: Array<number> | null; variable_bit_rate?: boolean; output?: string | null }; output: { output: Output; frames: number; bytes: number; warnings: Array<string> } };
  'audio.effects': { input: Record<string, unknown>; output: { effects: Array<EffectKind>; presets: Array<ChainPreset> } };
  'audio.loudness': { input: { path?: string | null; project?: string | null; asset?: string | null; history_points?: number | null; audiobook?: boolean }; output: { integrated_lufs: number | null; momentary_max_lufs: number | null; short_term_max_lufs: number | null; range_lu: number; true_peak_dbtp: number | null; sample_peak_dbfs: number | null; duration_secs: number; history: LoudnessHistory | null; audiobook: Narration | null } };
  'audio.noise_profile': { input: { path?: string | null; project?: string | null; asset?: string | null; from_secs: number; to_secs: number }; output: { profile: NoiseProfile; heard_secs: number } };
  'audio.normalize': { input: { path?: string | null; project?: string | null; asset?: string | null; delivery?: Delivery; target_lufs?: number | null; ceiling_dbtp?: number | null; way?: NormalizeWay; output?: string | null; format?: Container | null }; output: { output: Output; before: Loudness; after: Loudness; gain_db: number; followed: FollowedGain | null; audiobook: Narration | null; limited_db: number } };
  'audio.normalize_album': { input: { paths: Array<string>; output_folder: string; delivery?: Delivery; target_lufs?: number | null; ceiling_dbtp?: number | null; format?: Container | null }; output: { before_lufs: number; after_lufs: number | null; gain_db: number; tracks: Array<NormalizedTrack> } };
  'audio.peaks': { input: { path?: string | null; project?: string | null; asset?: string | null; samples_per_peak?: number }; output: ArrayBuffer };
  'audio.pipeline': { input: { paths: Array<string>; pattern?: string | null; recursive?: boolean; steps?: Array<PipelineStep>; output_folder: string; format?: Container | null; quality?: Quality; sample_rate?: number | null; parallel?: number | null }; output: { done: number; kept: number; failed: number; entries: Array<PipelineEntry> } };
  'audio.probe': { input: { path?: string | null; project?: string | null; asset?: string | null }; output: { path: string; container: string; media_type: string; duration_secs: number | null; bytes: number; audio: AudioInfo | null; video: VideoInfo | null; is_image: boolean; tags: Record<string, string>; cover_art: boolean; chapters: Array<Chapter> } };
  'audio.process': { input: { path?: string | null; project?: string | null; asset?: string | null; preset?: string | null; chain?: Chain | null; impulses?: Record<string, string>; cut_tail?: boolean; output?: string | null; format?: Container | null; quality?: Quality }; output: { output: Output; frames: number; tail_secs: number; warnings: Array<string> } };
  'audio.remove_effects': { input: { id: string }; output: { id: string; name: string; summary: string; chain: unknown; own: boolean } };
  'audio.replaygain': { input: { paths: Array<string>; album?: boolean }; output: { reference_lufs: number; album: ReplayGain | null; tracks: Array<ReplayGainTrack> } };
  'audio.samples': { input: { path?: string | null; project?: string | null; asset?: string | null; from?: number; frames: number }; output: ArrayBuffer };
  'audio.save_effects': { input: { name: string; summary?: string; chain: Chain }; output: { id: string; name: string; summary: string; chain: unknown; own: boolean } };
  'audio.spectrogram': { input: { path?: string | null; project?: string | null; asset?: string | null; from_secs?: number; to_secs?: number | null; columns?: number; bands?: number; from_hz?: number; to_hz?: number }; output: ArrayBuffer };
  'audio.watch': { input: { folder: string; pattern?: string | null; recursive?: boolean; steps?: Array<PipelineStep>; output_folder: string; format?: Container | null; quality?: Quality; sample_rate?: number | null; settle_secs?: number; until_idle_secs?: number | null }; output: { done: number; kept: number; failed: number; entries: Array<PipelineEntry> } };
  'chat.choose_branch': { input: { conversation: string; message: string }; output: { conversation: Conversation; messages: Array<Shown>; draft: Draft | null } };
  'chat.create': { input: { title?: string; model?: string | null; privacy?: Privacy | null; system?: string; project?: string | null }; output: { id: string; title: string; created_at: string; updated_at: string; model: string | null; privacy: Privacy; system: string; project: string | null; head: string | null } };
  'chat.delete': { input: { conversation: string }; output: { deleted: string } };
  'chat.list': { input: { limit?: number }; output: { conversations: Array<Conversation> } };
  'chat.regenerate': { input: { conversation: string; message?: string | null; model?: string | null }; output: { question: ChatMessage | null; answer: ChatMessage } };
  'chat.search': { input: { words: string; limit?: number }; output: { found: Array<Found> } };
  'chat.send': { input: { conversation: string; text: string; images?: Array<Picture>; assets?: Array<AssetRef>; after?: string | null }; output: { question: ChatMessage | null; answer: ChatMessage } };
  'chat.show': { input: { conversation: string }; output: { conversation: Conversation; messages: Array<Shown>; draft: Draft | null } };
  'chat.stop': { input: { conversation: string }; output: { stopped: boolean } };
  'chat.update': { input: { conversation: string; title?: string | null; model?: string | null; privacy?: Privacy | null; system?: string | null; project?: string | null }; output: { id: string; title: string; created_at: string; updated_at: string; model: string | null; privacy: Privacy; system: string; project: string | null; head: string | null } };
  'gateway.analyze_tokens': { input: { text?: string | null; request?: ChatRequest | null; model: string }; output: { model: string; tokens: TokenCount; expected_tokens: number; context_tokens: number; output_tokens: number; most_cost: MicroUsd | null; price_as_of: string | null } };
  'gateway.cost': { input: { days?: number }; output: { today: MicroUsd; this_month: MicroUsd; budgets: Array<BudgetState>; by_day: Array<Total>; by_model: Array<Total>; by_project: Array<Total>; by_key: Array<Total> } };
  'gateway.decisions': { input: { limit?: number }; output: { decisions: Array<DecisionRecord> } };
  'gateway.export_costs': { input: { days?: number }; output: ArrayBuffer };
  'gateway.models': { input: { discover?: boolean }; output: { models: Array<ModelState>; problem: string | null } };
  'gateway.replay': { input: { policy: Policy; limit?: number }; output: { replayed: number; changed: number; cost: MicroUsd; would_cost: MicroUsd; unknown: number; models: Array<Share> } };
  'gateway.route': { input: { text?: string | null; request?: ChatRequest | null; model?: string | null; sticky?: string | null; policy?: Policy | null; privacy?: Privacy; task?: Task }; output: { model: string | null; decision: Decision; reasons: Array<string>; tokens: TokenCount; policy: Policy } };
  'job.cancel': { input: { job: string }; output: { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null } };
  'job.list': { input: { limit?: number; status?: JobStatus | null }; output: { jobs: Array<Job> } };
  'job.resume': { input: { job: string }; output: { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null } };
  'job.retry': { input: { job: string }; output: { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null } };
  'job.show': { input: { job: string }; output: { id: string; operation: string; title: string; status: JobStatus; stage: string; fraction: number; eta_secs: number | null; project: string | null; created_at: string; started_at: string | null; finished_at: string | null; attempt: number; input: unknown; output: unknown; error: Error | null; log: Array<LogLine> } };
  'keys.create': { input: { name: string; scopes?: Array<KeyScope>; expires_in_days?: number | null; requests_per_minute?: number | null; budget_usd?: number | null }; output: { id: string; name: string; scopes: Array<KeyScope>; created_at: string; expires_at: string | null; revoked_at: string | null; requests_per_minute: number | null; budget: MicroUsd | null; secret: string } };
  'keys.list': { input: Record<string, unknown>; output: { keys: Array<ApiKey> } };
  'keys.revoke': { input: { key: string }; output: { id: string; name: string; scopes: Array<KeyScope>; created_at: string; expires_at: string | null; revoked_at: string | null; requests_per_minute: number | null; budget: MicroUsd | null } };
  'llm.chat': { input: { messages: Array<Message>; tools?: Array<Tool>; tool_choice?: ToolChoice; response?: ResponseFormat; sampling?: Sampling; max_tokens?: number | null; effort?: Effort | null; stop?: Array<string>; model?: string | null; policy?: Policy | null; privacy?: Privacy; project?: string | null }; output: { text: string; reasoning: string; tool_calls: Array<ToolCall>; model: string; because: string; decision: string; end: Finish; usage: Usage; cost: MicroUsd | null; first_token_ms: number; tokens_per_sec: number | null; warnings: Array<string> } };
  'mcp.add': { input: { server: string; command?: string | null; args?: Array<string>; env?: Record<string, string>; cwd?: string | null; url?: string | null; headers?: Record<string, string>; trusted?: boolean; replace?: boolean }; output: { server: string; state: Standing; reached_by: string; env: Array<string>; headers: Array<string>; trusted: boolean; title: string | null; version: string | null; protocol: string | null; tools: number | null; error: Error | null } };
  'mcp.call': { input: { server: string; tool: string; arguments?: Record<string, unknown>; timeout_secs?: number }; output: { is_error: boolean; content: Array<ToolPart>; structured: unknown; truncated: boolean } };
  'mcp.connect': { input: { server: string }; output: { server: string; state: Standing; reached_by: string; env: Array<string>; headers: Array<string>; trusted: boolean; title: string | null; version: string | null; protocol: string | null; tools: number | null; error: Error | null } };
  'mcp.disconnect': { input: { server: string }; output: { server: string; state: Standing; reached_by: string; env: Array<string>; headers: Array<string>; trusted: boolean; title: string | null; version: string | null; protocol: string | null; tools: number | null; error: Error | null } };
  'mcp.import': { input: { path: string; replace?: boolean }; output: { added: Array<string>; skipped: Array<ServerProblem> } };
  'mcp.log': { input: { server: string }; output: { lines: Array<string> } };
  'mcp.remove': { input: { server: string }; output: { removed: string } };
  'mcp.servers': { input: { check?: boolean }; output: { file: string; servers: Array<ServerState> } };
  'mcp.tools': { input: { server?: string | null }; output: { tools: Array<ShownTool>; problems: Array<ServerProblem> } };
  'model.download': { input: { model?: string | null; repo?: string | null; files?: Array<string>; revision?: string | null; accept_licence?: boolean; update?: boolean }; output: { model: string | null; files: Array<GotFile>; received_bytes: number } };
  'model.files': { input: { repo: string; revision?: string | null }; output: { repo: string; commit: string; licence: string | null; licence_url: string | null; licence_is_free: boolean; is_gated: boolean; files: Array<RepoFile>; refused: Array<string> } };
  'model.import': { input: { path: string; model?: string | null; name?: string | null; copy?: boolean }; output: { model: string | null; files: Array<string>; bytes: number; copied_bytes: number } };
  'model.list': { input: Record<string, unknown>; output: { models: Array<LocalModel>; folder: string; free_bytes: number | null; here_bytes: number } };
  'model.load': { input: { model: string }; output: { model: string | null; phase: Phase; fraction: number | null; waiting: number; limit_bytes: number; claimed_bytes: number; resident_bytes: number | null; resident_peak_bytes: number } };
  'model.loaded': { input: Record<string, unknown>; output: { model: string | null; phase: Phase; fraction: number | null; waiting: number; limit_bytes: number; claimed_bytes: number; resident_bytes: number | null; resident_peak_bytes: number } };
  'model.remove': { input: { model?: string | null; repo?: string | null; files?: Array<string>; revision?: string | null }; output: { files: Array<string>; freed_bytes: number } };
  'model.search': { input: { words?: string; hub?: boolean; limit?: number }; output: { models: Array<LocalModel>; hub: Array<FoundRepo>; hub_problem: Error | null } };
  'model.unload': { input: Record<string, unknown>; output: { model: string | null; phase: Phase; fraction: number | null; waiting: number; limit_bytes: number; claimed_bytes: number; resident_bytes: number | null; resident_peak_bytes: number } };
  'model.verify': { input: { model?: string | null; repo?: string | null; files?: Array<string>; discard_damaged?: boolean }; output: { is_whole: boolean; files: Array<VerifiedFile> } };
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
  'player.chain': { input: { player: string; chain?: Chain | null; preset?: string | null; bypass?: boolean | null; cut_tail?: boolean | null }; output: { player: string; bypass: boolean; cut_tail: boolean; latency_ms: number; keeps_state: boolean } };
  'player.close': { input: { player: string }; output: { player: string } };
  'player.frame': { input: { player: string; frame: number; width: number }; output: ArrayBuffer };
  'player.open': { input: { path?: string | null; project?: string | null; asset?: string | null; film?: string | null; chain?: Chain | null; preset?: string | null }; output: { player: string; duration_secs: number; width: number; height: number; frame_rate: FrameRate; frames: number; audio: boolean; audible: boolean } };
  'player.pause': { input: { player: string }; output: { player: string; frame: number; playing: boolean; volume: number; loudness: HeardLoudness } };
  'player.play': { input: { player: string }; output: { player: string; frame: number; playing: boolean; volume: number; loudness: HeardLoudness } };
  'player.reset_meter': { input: { player: string }; output: { player: string; frame: number; playing: boolean; volume: number; loudness: HeardLoudness } };
  'player.seek': { input: { player: string; frame: number }; output: { player: string; frame: number; playing: boolean; volume: number; loudness: HeardLoudness } };
  'player.status': { input: { player: string }; output: { player: string; frame: number; playing: boolean; volume: number; loudness: HeardLoudness } };
  'player.volume': { input: { player: string; volume: number }; output: { player: string; frame: number; playing: boolean; volume: number; loudness: HeardLoudness } };
  'project.create': { input: { name: string; folder?: string | null }; output: { id: string; name: string; path: string; created_at: string | null; modified_at: string | null; assets: number; films: number; bytes: number; missing: boolean } };
  'project.info': { input: { project: string }; output: { id: string; name: string; path: string; created_at: string | null; modified_at: string | null; assets: number; films: number; bytes: number; missing: boolean } };
  'project.list': { input: Record<string, unknown>; output: { projects: Array<ProjectInfo> } };
  'project.open': { input: { path: string }; output: { id: string; name: string; path: string; created_at: string | null; modified_at: string | null; assets: number; films: number; bytes: number; missing: boolean } };
  'provider.add': { input: { name: string; base_url: string; protocol?: Protocol; key?: string | null; is_free?: boolean; context_tokens?: number; models?: Array<string> }; output: { id: string; name: string; protocol: Protocol; base_url?: string | null; key_env?: string | null; needs_key: boolean; on_this_machine: boolean; is_free: boolean; key: KeyPlace; models: number; added: boolean } };
  'provider.list': { input: Record<string, unknown>; output: { providers: Array<ProviderState> } };
  'provider.pull': { input: { model: string; provider?: string }; output: { model: string } };
  'provider.remove': { input: { provider: string }; output: { provider: string } };
  'provider.remove_key': { input: { provider: string }; output: { id: string; name: string; protocol: Protocol; base_url?: string | null; key_env?: string | null; needs_key: boolean; on_this_machine: boolean; is_free: boolean; key: KeyPlace; models: number; added: boolean } };
  'provider.set_key': { input: { provider: string; key: string }; output: { id: string; name: string; protocol: Protocol; base_url?: string | null; key_env?: string | null; needs_key: boolean; on_this_machine: boolean; is_free: boolean; key: KeyPlace; models: number; added: boolean } };
  'provider.test': { input: { provider: string }; output: { provider: string; models: number; took_ms: number } };
  'session.audition': { input: { project: string; session: string; edits?: Array<Edit>; revision?: number | null }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.close': { input: { project: string; session: string }; output: { session: string } };
  'session.create': { input: { project: string; name: string; sample_rate?: number; assets?: Array<string> }; output: { id: string; revision: number; can_undo: boolean; can_redo: boolean; undo: string | null; redo: string | null; updated_at: string; session: Session; missing: Record<string, string> } };
  'session.delete': { input: { project: string; session: string }; output: { session: string } };
  'session.edit': { input: { project: string; session: string; edits: Array<Edit>; revision?: number | null }; output: { id: string; revision: number; can_undo: boolean; can_redo: boolean; undo: string | null; redo: string | null; updated_at: string; session: Session; missing: Record<string, string> } };
  'session.export': { input: { project: string; session: string; parts?: ExportParts; from?: number | null; to?: number | null; cut_tail?: boolean; format?: Container | null; quality?: Quality; output?: string | null }; output: { files: Array<ExportedFile>; warnings: Array<string> } };
  'session.get': { input: { project: string; session: string }; output: { id: string; revision: number; can_undo: boolean; can_redo: boolean; undo: string | null; redo: string | null; updated_at: string; session: Session; missing: Record<string, string> } };
  'session.history': { input: { project: string; session: string }; output: { steps: Array<SessionStep> } };
  'session.list': { input: { project: string }; output: { sessions: Array<Entry> } };
  'session.loop': { input: { project: string; session: string; from?: number | null; to?: number | null }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.open': { input: { project: string; session: string }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.pause': { input: { project: string; session: string }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.play': { input: { project: string; session: string; from?: number | null }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.record': { input: { project: string; session: string; track: number; at?: number | null }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.redo': { input: { project: string; session: string }; output: { id: string; revision: number; can_undo: boolean; can_redo: boolean; undo: string | null; redo: string | null; updated_at: string; session: Session; missing: Record<string, string> } };
  'session.reset_meter': { input: { project: string; session: string }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.scrub': { input: { project: string; session: string; at: number; length?: number }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.seek': { input: { project: string; session: string; at: number }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.status': { input: { project: string; session: string }; output: { session: string; at: number; playing: boolean; looping: Loop | null; recording: number | null; audible: boolean; rate: number; loudness: HeardLoudness } };
  'session.stop_recording': { input: { project: string; session: string }; output: { id: string; revision: number; can_undo: boolean; can_redo: boolean; undo: string | null; redo: string | null; updated_at: string; session: Session; missing: Record<string, string> } };
  'session.undo': { input: { project: string; session: string }; output: { id: string; revision: number; can_undo: boolean; can_redo: boolean; undo: string | null; redo: string | null; updated_at: string; session: Session; missing: Record<string, string> } };
  'settings.get': { input: Record<string, unknown>; output: { file: string; settings: Array<Setting> } };
  'settings.reset': { input: { key: string }; output: { file: string; settings: Array<Setting> } };
  'settings.set': { input: { key: string; value: unknown }; output: { file: string; settings: Array<Setting> } };
  'speech.synthesize': { input: { text: string; voice?: string | null; rate?: number; pitch?: number; project?: string | null; output?: string | null }; output: { output: Output; duration_secs: number; sample_rate: number; voice: string; provider: string; synth_secs: number } };
  'speech.voices': { input: Record<string, unknown>; output: { voices: Array<Voice> } };
  'system.info': { input: Record<string, unknown>; output: { version: string; home: string; projects_folder: string; ffmpeg: string; audio_devices: Array<string>; default_audio_device: string | null; voices: boolean } };
  'video.adjust': { input: { path?: string | null; project?: string | null; asset?: string | null; brightness?: number; contrast?: number; saturation?: number; gamma?: number; speed?: number; width?: number | null; height?: number | null; stabilise?: boolean; output?: string | null }; output: { output: Output; width: number; height: number; frames: number; duration_secs: number; warnings: Array<string> } };
  'video.copy_points': { input: { path?: string | null; project?: string | null; asset?: string | null; from_secs?: number | null; to_secs?: number | null }; output: { start_secs: number; end_secs: number } };
  'video.extract_audio': { input: { path?: string | null; project?: string | null; asset?: string | null; format?: Container | null; quality?: Quality | null; output?: string | null }; output: { output: Output; sample_rate: number; channels: number; frames: number; copied: boolean; warnings: Array<string> } };
  'video.frames': { input: { path?: string | null; project?: string | null; asset?: string | null; every?: number | null; times_secs?: Array<number> | null; at_scenes?: VideoSceneDetector | null; width?: number | null; format?: VideoPictureFormat; limit?: number; output_folder?: string | null }; output: { pictures: Array<VideoPicture>; width: number; height: number } };
  'video.picture': { input: { path?: string | null; project?: string | null; asset?: string | null; at_secs?: number; width?: number; brightness?: number; contrast?: number; saturation?: number; gamma?: number }; output: ArrayBuffer };
  'video.probe': { input: { path?: string | null; project?: string | null; asset?: string | null }; output: { container: string; codec: string; width: number; height: number; mirrored: boolean; turned_degrees: number; frame_rate: FrameRate; frames: number; duration_secs: number; bytes: number; sound: VideoProbedSound | null } };
  'video.scenes': { input: { path?: string | null; project?: string | null; asset?: string | null; detector?: VideoSceneDetector; threshold?: number; adaptive_threshold?: number; window_width?: number; min_content?: number; min_scene_frames?: number | null; min_scene_secs?: number | null; scores?: boolean }; output: { frame_rate: FrameRate; frames: number; scenes: Array<VideoScene>; scores?: Array<number> | null } };
  'video.thumbnails': { input: { path?: string | null; project?: string | null; asset?: string | null; count?: number; layout?: VideoThumbnailLayout; columns?: number | null; width?: number; gap?: number; format?: VideoPictureFormat; output?: string | null; output_folder?: string | null }; output: { output?: Output | null; pictures: Array<VideoThumbnail>; width: number; height: number } };
  'video.trim': { input: { path?: string | null; project?: string | null; asset?: string | null; from_secs?: number | null; to_secs?: number | null; mode?: VideoTrimMode; output?: string | null }; output: { output: Output; start_secs: number; end_secs: number; frames: number; warnings: Array<string> } };
}
