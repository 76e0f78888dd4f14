// What newer studios answer and the generated types do not hold yet. Each line goes when they do.

import type { CostReport, CostTotal, ModelState, StudioErrorBody } from './types';

export type NewCostReport = CostReport & { by_key?: CostTotal[] };

export interface LocalFile {
  path: string;
  bytes: number | null;
  here_bytes: number;
}

/** A model that the studio runs by itself, or could not. */
export interface LocalModel {
  id: string;
  name: string;
  family: string;
  state: 'installed' | 'partial' | 'available' | 'unsupported';
  bytes: number | null;
  here_bytes: number;
  memory_bytes: number | null;
  context_tokens: number;
  capabilities: ModelState['capabilities'];
  architecture: string;
  quantisation: string | null;
  format: 'gguf' | 'safetensors';
  repo: string;
  revision: string;
  files: LocalFile[];
  licence: string | null;
  licence_url: string | null;
  licence_is_free: boolean;
  is_found: boolean;
}

export interface LocalModels {
  models: LocalModel[];
  folder: string;
  free_bytes: number | null;
  here_bytes: number;
}

/** What is in memory. */
export interface LoadedModel {
  model: string | null;
  phase: 'empty' | 'loading' | 'ready' | 'reading' | 'answering';
  fraction: number | null;
  waiting: number;
  /** Most that all models together may take. */
  limit_bytes: number;
  claimed_bytes: number;
  resident_bytes: number | null;
  resident_peak_bytes: number;
}

/** A repository that the hub found. */
export interface FoundRepo {
  repo: string;
  downloads: number;
  likes: number;
  licence: string | null;
  is_gated: boolean;
  changed: string | null;
}

export interface RepoFile {
  path: string;
  bytes: number;
  sha256: string | null;
  is_here: boolean;
}

export interface RepoFiles {
  repo: string;
  commit: string;
  licence: string | null;
  licence_url: string | null;
  licence_is_free: boolean;
  is_gated: boolean;
  files: RepoFile[];
  refused: string[];
}

export interface VerifiedFile {
  path: string;
  bytes: number;
  result: 'whole' | 'damaged' | 'unknown' | 'missing';
}

export interface DownloadInput {
  model?: string;
  repo?: string;
  files?: string[];
  accept_licence?: boolean;
}

/** Another program whose tools the studio may use. */
export interface ToolServer {
  server: string;
  state: 'disabled' | 'idle' | 'connecting' | 'connected' | 'restarting' | 'failed' | 'invalid';
  reached_by: string;
  env: string[];
  headers: string[];
  trusted: boolean;
  title: string | null;
  version: string | null;
  protocol: string | null;
  tools: number | null;
  error: StudioErrorBody | null;
}

export interface OfferedTool {
  server: string;
  name: string;
  title: string | null;
  description: string | null;
  read_only: boolean | null;
  destructive: boolean | null;
}

export interface NewToolServer {
  server: string;
  command?: string;
  args?: string[];
  env?: Record<string, string>;
  url?: string;
  headers?: Record<string, string>;
  trusted?: boolean;
}

interface ServerProblem {
  server: string;
  error: StudioErrorBody;
}

export interface Upcoming {
  'mcp.servers': {
    input: { check?: boolean };
    output: { file: string; servers: ToolServer[] };
  };
  'mcp.tools': {
    input: { server: string };
    output: { tools: OfferedTool[]; problems: ServerProblem[] };
  };
  'mcp.add': { input: NewToolServer; output: unknown };
  'mcp.import': { input: { path: string }; output: { added: string[]; skipped: ServerProblem[] } };
  'mcp.remove': { input: { server: string }; output: unknown };
  'mcp.connect': { input: { server: string }; output: unknown };
  'mcp.disconnect': { input: { server: string }; output: unknown };
  'mcp.log': { input: { server: string }; output: { lines: string[] } };
  'model.load': { input: { model: string }; output: unknown };
  'model.loaded': { input: Record<string, never>; output: LoadedModel };
  'model.unload': { input: Record<string, never>; output: LoadedModel };
  'model.list': { input: Record<string, never>; output: LocalModels };
  'model.search': {
    input: { words?: string; hub?: boolean; limit?: number };
    output: { models: LocalModel[]; hub: FoundRepo[]; hub_problem: StudioErrorBody | null };
  };
  'model.files': { input: { repo: string }; output: RepoFiles };
  'model.download': { input: DownloadInput; output: { model: string | null } };
  'model.verify': {
    input: { model: string; discard_damaged?: boolean };
    output: { is_whole: boolean; files: VerifiedFile[] };
  };
  'model.remove': { input: { model: string }; output: { freed_bytes: number } };
  'model.import': {
    input: { path: string; name?: string };
    output: { model: string | null; bytes: number };
  };
}
