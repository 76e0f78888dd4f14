// What a message says, and what is known of an answer. Pure.

import { count, money } from '$lib/format';
import type { ShownMessage } from '$lib/types';

type Answer = NonNullable<ShownMessage['answer']>;
type UserPart = Extract<ShownMessage['message'], { role: 'user' }>['parts'][number];

export function partsOf({ message }: Pick<ShownMessage, 'message'>): UserPart[] {
  return message.role === 'user' ? message.parts : [];
}

export function textOf(shown: Pick<ShownMessage, 'message'>): string {
  const { message } = shown;
  if (message.role !== 'user') return message.text;
  const texts = partsOf(shown).map((part) => (part.type === 'text' ? part.text : ''));
  return texts.filter(Boolean).join('\n');
}

const ENDS: Record<string, string> = {
  length: 'cut at its limit',
  content_filter: 'ended by the provider’s filter',
  stopped: 'stopped',
  failed: 'broke off',
};

/** `412 tokens · 38 tokens/s · first word after 0.4 s · $0.0021`. */
export function factsOf(answer: Answer): string {
  const { usage, tokens_per_sec: speed, first_token_ms: first, cost } = answer;
  const facts = [
    usage.output_tokens > 0 ? count(usage.output_tokens, 'token') : '',
    speed === null ? '' : `${Math.round(speed)} tokens/s`,
    first === null ? '' : `first word after ${(first / 1000).toFixed(1)} s`,
    answer.end === 'stopped' || answer.end === 'failed' ? '' : price(cost),
    ENDS[answer.end] ?? '',
  ];
  return facts.filter(Boolean).join(' · ');
}

function price(cost: number | null): string {
  return cost === null ? 'price unknown' : money(cost);
}
