// What is told of models, decisions and reasons. Pure.

import { money, words } from '$lib/format';
import type { DecisionRecord, ModelState } from '$lib/types';

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
  return model.on_this_machine ? 'Not running' : 'Needs a key';
}

/** `$0.25 and $2`; what runs here is free, what nobody knows is unknown. */
export function priceText({ price, is_free: free }: ModelState): string {
  if (free) return 'free';
  if (!price) return 'unknown';
  return `$${price.input} and $${price.output}`;
}

type Reason = DecisionRecord['decision']['excluded'][number]['reason'];

/** Why a model was not asked. */
export function reasonText(reason: Reason): string {
  if (typeof reason === 'string') return REASONS[reason] ?? words(reason);
  if ('lacks' in reason) return `Cannot do ${words(reason.lacks).toLowerCase()}`;
  if ('context' in reason) return `Needs ${reason.context.needs} tokens of context`;
  if ('too_dear' in reason) return `May cost ${money(reason.too_dear.costs)}`;
  return 'Does not fit into memory';
}

const REASONS: Record<string, string> = {
  privacy: 'Words must stay here',
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
  return last?.failure ? `Failed: ${words(last.failure).toLowerCase()}` : 'Nobody answered';
}
