// What the pages speak of, taken from the registry's generated types: a change of an operation that
// the pages do not follow is an error here. Times are ISO 8601, durations seconds.

import type * as generated from './generated/operations';
import type { SessionEvent } from './session/types';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type {
  Asset,
  BaseImage,
  Container,
  Delivery,
  HeardLoudness,
  Job,
  JobStatus,
  LogLine,
  LoudnessHistory,
  Mode,
  MoviePlan,
  Quality,
  Setting,
  Shot,
} from './generated/operations';

/** Every operation: its input and output by name. */
export type Operations = Omit<generated.Operations, keyof Pending> & Pending;
export type OperationName = keyof Operations;
export type Input<N extends OperationName> = Operations[N]['input'];
export type Output<N extends OperationName> = Operations[N]['output'];

export type AudioSource = { path: string } | { project: string; asset: string };
export type Rational = generated.FrameRate;
export type Project = generated.ProjectInfo;
/** As `audio.loudness` tells it. */
export type Loudness = Output<'audio.loudness'>;
export type AmbientStatus = Output<'ambient.status'>;
export type Film = Output<'movie.get'>;
export type FilmSummary = generated.Summary;
export type Estimate = Output<'movie.estimate'>;
export type PlayerInfo = Output<'player.open'>;
export type Scene = generated.VideoScene;
export type SceneDetector = generated.VideoSceneDetector;
export type CopyPoints = Output<'video.copy_points'>;
export type VideoFacts = Output<'video.probe'>;
export type Chat = Output<'chat.show'>;
export type Conversation = generated.Conversation;
export type ShownMessage = generated.Shown;
export type Draft = generated.Draft;
export type ModelState = generated.ModelState;
export type ProviderState = PendingProvider;
export type Message = generated.Message;
export type ToolCall = generated.ToolCall;
export type AnswerFacts = generated.AnswerFacts;
export type ChatRequest = generated.ChatRequest;
export type KeyPlace = generated.KeyPlace;
export type ApiKey = generated.ApiKey;
export type CostReport = Output<'gateway.cost'>;
export type CostTotal = generated.Total;
export type BudgetState = generated.BudgetState;
export type Routed = Output<'gateway.route'>;
export type Decision = generated.Decision;
export type DecisionRecord = generated.DecisionRecord;
export type Scored = generated.Scored;
export type Parts = generated.Parts;
export type Policy = generated.Policy;
/** All of them: what is left out weighs nothing. */
export type PartWeights = Required<generated.PartWeights>;
export type Privacy = generated.Privacy;
export type Reason = generated.Reason;
export type LocalModel = generated.LocalModel;
export type LocalModels = Output<'model.list'>;
export type LoadedModel = Output<'model.loaded'>;
export type DownloadInput = Input<'model.download'>;
export type FoundRepo = generated.FoundRepo;
export type RepoFile = generated.RepoFile;
export type RepoFiles = Output<'model.files'>;
export type ToolServer = generated.ServerState;
export type NewToolServer = Input<'mcp.add'>;
export type OfferedTool = generated.ShownTool;
export type SystemInfo = Output<'system.info'>;
export type Chain = generated.Chain;
export type Slot = generated.Slot;
export type Band = generated.Band;
export type NoiseProfile = generated.NoiseProfile;
export type EffectKind = generated.EffectKind;
export type Family = generated.Family;
/** A number of an effect that can be turned. */
export type Knob = generated.Parameter;
/** A setting of an effect that is one of a few. */
export type Choice = generated.Choice;
export type EffectPreset = generated.ChainPreset & { chain: Chain };

/** The studio's error; `code` may be one that this window does not know yet. */
export type StudioErrorBody = Omit<generated.Error, 'code'> & { code: string };

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
  | { type: 'job.changed'; job: generated.Job }
  | { type: 'project.changed'; project: string }
  | { type: 'asset.changed'; project: string; asset: string }
  | { type: 'film.changed'; project: string; film: string }
  | { type: 'ambient.changed'; status: AmbientStatus }
  | { type: 'player.clock'; player: string; frame: number; playing: boolean }
  | { type: 'player.loudness'; player: string; loudness: generated.HeardLoudness }
  | { type: 'player.ended'; player: string }
  | { type: 'chat.changed'; conversation: string }
  | { type: 'chat.draft'; conversation: string; draft: generated.Draft }
  | { type: 'models.changed' }
  | SessionEvent
  | { type: 'settings.changed' }
  /** This window fell behind: it must read the present state anew. */
  | { type: 'events.missed'; count: number };

// UNTIL-GENERATED: the registry's types do not have `provider.add` yet. After `cargo xtask generate`, delete from here
// to the end, and have `Operations` and `ProviderState` above be `generated.Operations` and `generated.ProviderState`.
type PendingProvider = generated.ProviderState & { added: boolean; is_free: boolean };
interface Pending {
  'provider.list': { input: Record<string, unknown>; output: { providers: PendingProvider[] } };
  'provider.add': {
    input: {
      name: string;
      base_url: string;
      protocol?: generated.Protocol;
      key?: string | null;
      is_free?: boolean;
      context_tokens?: number;
      models?: string[];
    };
    output: PendingProvider;
  };
  'provider.remove': { input: { provider: string }; output: { provider: string } };
}
