// What is told of models' files. Pure.

import { bytes, percent } from './format';
import { canText, contextText } from './modelFacts';
import { search } from './search';
import type { LoadedModel, LocalModel, RepoFile } from './types';

const ORDER: LocalModel['state'][] = ['installed', 'partial', 'available', 'unsupported'];

/** Those that are here first; with words, only those that match. */
export function shownModels(models: LocalModel[], words: string): LocalModel[] {
  const found = words.trim()
    ? search(words, models, ({ name, id, repo }) => `${name} ${id} ${repo}`)
    : models;
  return [...found].sort(
    (a, b) =>
      ORDER.indexOf(a.state) - ORDER.indexOf(b.state) ||
      (a.bytes ?? Infinity) - (b.bytes ?? Infinity),
  );
}

/** `640 MB, needs about 1.2 GB of memory, 41 k tokens`. */
export function sizeText(model: LocalModel): string {
  const memory = model.memory_bytes;
  return [
    model.bytes === null ? 'size unknown' : bytes(model.bytes),
    memory === null ? '' : `needs about ${bytes(memory)} of memory`,
    contextText(model.context_tokens),
    canText(model),
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Why it cannot be loaded: all models together may take no more than `limit`. */
export function tooLarge({ memory_bytes: needs }: LocalModel, limit: number | null): string | null {
  if (needs === null || limit === null || needs <= limit) return null;
  return `Needs about ${bytes(needs)} of memory, and models may take ${bytes(limit)}`;
}

const PHASES: Record<LoadedModel['phase'], string> = {
  empty: '',
  loading: 'Loading',
  ready: 'In memory',
  reading: 'Reading',
  answering: 'Answering',
};

/** What the loaded model does, such as `Reading, 40 %`. */
export function phaseText({ phase, fraction, waiting }: LoadedModel): string {
  const far = fraction === null ? '' : `, ${percent(fraction)}`;
  return `${PHASES[phase]}${far}${waiting > 0 ? `, ${waiting} waiting` : ''}`;
}

/** Bytes that are still to come. */
export function leftBytes({ bytes: all, here_bytes: here }: LocalModel): number | null {
  return all === null ? null : Math.max(0, all - here);
}

/** Why it cannot be downloaded now. */
export function noRoom(left: number | null, free: number | null): string | null {
  if (left === null || free === null || left <= free) return null;
  return `It needs ${bytes(left)}, and ${bytes(free)} are free on the disk.`;
}

/** `12 of 640 MB, 31.4 MB/s` of a download's stage: whose it is stands beside it already. */
export function stageText(stage: string): string {
  return /^Downloading [^:]*: (.+)$/.exec(stage)?.[1] ?? stage;
}

export interface Choice {
  /** What a person reads: the file, or the first of several pieces. */
  name: string;
  files: string[];
  bytes: number;
  isHere: boolean;
}

const PIECE = /-\d{5}-of-(\d{5})\.gguf$/i;

/** The GGUF models of a repository, smallest first; a model in pieces is one choice. */
export function choicesOf(files: RepoFile[]): Choice[] {
  const choices = new Map<string, Choice>();
  for (const { path, bytes: size, is_here: isHere } of files) {
    if (!/\.gguf$/i.test(path)) continue;
    const name = path.replace(PIECE, '.gguf');
    const known = choices.get(name);
    if (known) {
      known.files.push(path);
      known.bytes += size;
      known.isHere &&= isHere;
    } else choices.set(name, { name, files: [path], bytes: size, isHere });
  }
  for (const choice of choices.values()) choice.files.sort();
  return [...choices.values()].sort((a, b) => a.bytes - b.bytes);
}

/** `12.4 k`, as hubs count downloads. */
export function countText(count: number): string {
  if (count < 1000) return String(count);
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} k`;
  return `${(count / 1_000_000).toFixed(1)} M`;
}
