// What is told of models, decisions and reasons. Pure.

import { bytes, money, words } from './format';
import type {
  Decision,
  DecisionRecord,
  ModelState,
  Parts,
  PartWeights,
  Policy,
  Reason,
} from './types';

export function contextText(tokens: number): string {
  if (tokens >= 1_000_000) return `${Number((tokens / 1_000_000).toFixed(1))} M tokens`;
  return `${Math.round(tokens / 1000)} k tokens`;
}

export function stateText(model: ModelState): string {
  if (model.readiness === 'missing') return missing(model);
  if (model.circuit === 'open') return 'Resting after failures';
  if (typeof model.readiness === 'object') return 'Here, not loaded';
  const speed = model.tokens_per_sec;
  return speed === null ? 'Ready' : `Ready, ${Math.round(speed)} tokens/s`;
}

function missing(model: ModelState): string {
  return model.on_this_machine ? 'Not here, or not running' : 'Needs a key';
}

/** Whether it can be asked now, without loading anything first. */
export function toneOf(model: ModelState): 'ok' | 'warn' | 'faint' {
  if (model.readiness === 'missing') return 'faint';
  return model.circuit === 'open' || typeof model.readiness === 'object' ? 'warn' : 'ok';
}

const CAPABILITIES: Record<string, string> = {
  tools: 'tools',
  json: 'JSON',
  schema: 'schemas',
  vision: 'pictures',
  audio: 'sound',
  reasoning: 'thinking',
  embedding: 'embeddings',
};

/** What a model takes and gives besides words. */
export function canText({ capabilities }: Pick<ModelState, 'capabilities'>): string {
  return capabilities.map((each) => CAPABILITIES[each] ?? words(each).toLowerCase()).join(', ');
}

/** `$0.25 in, $2 out`; what runs here is free, what nobody knows is unknown. */
export function priceText({ price, is_free: free }: ModelState): string {
  if (free) return 'free';
  if (!price) return 'price unknown';
  return `$${price.input} in, $${price.output} out`;
}

/** Why a model was not asked. */
export function reasonText(reason: Reason): string {
  if (typeof reason === 'string') return REASONS[reason] ?? words(reason);
  if ('lacks' in reason) return `Cannot do ${CAPABILITIES[reason.lacks] ?? reason.lacks}`;
  if ('context' in reason)
    return `Needs ${reason.context.needs} tokens of context, has ${reason.context.has}`;
  if ('too_dear' in reason) return `May cost ${money(reason.too_dear.costs)}`;
  return `Takes ${bytes(reason.memory.needs)} of memory, ${bytes(reason.memory.free)} are free`;
}

const REASONS: Record<string, string> = {
  privacy: 'Words must stay on this machine',
  other_task: 'Made for another task',
  unknown_price: 'Nobody knows its price',
  resting: 'Rests after failures',
  not_ready: 'No key, or not running',
};

/** How a decision ended. */
export function outcomeText({ outcome }: DecisionRecord): string {
  if (!outcome) return 'Not ended';
  if (outcome.model) return outcome.cost === null ? 'price unknown' : money(outcome.cost);
  const last = outcome.attempts.at(-1);
  return last?.failure ? `Failed: ${failureText(last.failure)}` : 'Nobody answered';
}

/** A failure's class as words: `rate_limited` is `rate limited`. */
export function failureText(failure: string): string {
  return words(failure).toLowerCase();
}

/** The parts of a score, in the order shown. */
export const PARTS: { key: keyof Parts; title: string; says: string }[] = [
  { key: 'quality', title: 'Quality', says: 'How good its answers are, by public leaderboards' },
  { key: 'price', title: 'Price', says: 'How cheap this answer is' },
  { key: 'latency', title: 'Speed', says: 'How soon the whole answer is there' },
  { key: 'health', title: 'Health', says: 'How seldom it failed lately' },
  { key: 'locality', title: 'Here', says: 'Whether it runs on this machine' },
  { key: 'readiness', title: 'Loaded', says: 'Whether it can begin at once' },
];

export const POLICIES: { value: Extract<Policy, string>; label: string; says: string }[] = [
  { value: 'balanced', label: 'Balanced', says: 'Quality, price and speed together' },
  { value: 'best', label: 'Best', says: 'The best answer, whatever it costs' },
  { value: 'cheapest', label: 'Cheapest', says: 'The lowest price that can do it' },
  { value: 'fastest', label: 'Fastest', says: 'The soonest whole answer' },
  { value: 'local_only', label: 'Local only', says: 'Only models on this machine' },
];

/** What the balanced policy weighs; own weights begin there. */
export const BALANCED: PartWeights = {
  quality: 4,
  price: 3,
  latency: 2,
  health: 2,
  locality: 2,
  readiness: 1,
};

export function policyText(policy: Policy | 'custom'): string {
  if (typeof policy === 'object' || policy === 'custom') return 'Your weights';
  return POLICIES.find(({ value }) => value === policy)?.label ?? words(policy);
}

/** All candidates are out, and why most of them. */
export function mostOut({ excluded }: Decision): string | null {
  const counts = new Map<string, number>();
  for (const { reason } of excluded) {
    const text = typeof reason === 'string' ? (REASONS[reason] ?? reason) : reasonText(reason);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  return most ? most[0] : null;
}
