// What a message says, and what is known of an answer. Pure.

import { count, money } from '$lib/format';
import type { ShownMessage } from '$lib/types';

type Answer = NonNullable<ShownMessage['answer']>;
type UserPart = Extract<ShownMessage['message'], { role: 'user' }>['parts'][number];
type ImagePart = Extract<UserPart, { type: 'image' }>;

export function partsOf({ message }: Pick<ShownMessage, 'message'>): UserPart[] {
  return message.role === 'user' ? message.parts : [];
}

export function imagesOf(shown: Pick<ShownMessage, 'message'>): ImagePart[] {
  return partsOf(shown).filter((part) => part.type === 'image');
}

export function textOf(shown: Pick<ShownMessage, 'message'>): string {
  const { message } = shown;
  if (message.role !== 'user') return message.text;
  const texts = partsOf(shown).map((part) => (part.type === 'text' ? part.text : ''));
  return texts.filter(Boolean).join('\n');
}

/** Why an answer ended early, if it did. */
export const ENDS: Record<string, string> = {
  length: 'cut at its limit',
  content_filter: 'ended by the provider’s filter',
  stopped: 'stopped',
  failed: 'broke off',
};

/** `$0.0021 · 812 tokens read, 512 cached · 412 written · 38 tokens/s · first word after 0.4 s`. */
export function factsOf(answer: Answer): string {
  const { usage, tokens_per_sec: speed, first_token_ms: first } = answer;
  const cached = usage.cached_tokens > 0 ? `, ${usage.cached_tokens} cached` : '';
  const facts = [
    ENDS[answer.end] ?? '',
    price(answer),
    usage.input_tokens > 0 ? `${count(usage.input_tokens, 'token')} read${cached}` : '',
    usage.output_tokens > 0 ? `${usage.output_tokens} written` : '',
    speed === null ? '' : `${Math.round(speed)} tokens/s`,
    first === null ? '' : `first word after ${seconds(first)}`,
  ];
  return facts.filter(Boolean).join(' · ');
}

/** Everything that is known of an answer, by name. */
export function detailsOf(answer: Answer): [name: string, value: string | null][] {
  const { usage } = answer;
  const cached = usage.cached_tokens > 0 ? `, ${usage.cached_tokens} of them cached` : '';
  const thought = usage.reasoning_tokens > 0 ? `, ${usage.reasoning_tokens} of them thoughts` : '';
  const { tokens_per_sec: speed, first_token_ms: first } = answer;
  return [
    ['Cost', price(answer) || null],
    ['Tokens read', usage.input_tokens > 0 ? `${usage.input_tokens}${cached}` : null],
    ['Tokens written', usage.output_tokens > 0 ? `${usage.output_tokens}${thought}` : null],
    ['Speed', speed === null ? null : `${speed.toFixed(1)} tokens/s`],
    ['First word', first === null ? null : `after ${seconds(first)}`],
    ['Ended', ENDS[answer.end] ?? null],
  ];
}

/** A stopped or broken answer was not settled with a price that the window knows. */
function price({ cost, end }: Answer): string {
  if (cost !== null) return end === 'stopped' || end === 'failed' ? '' : money(cost);
  return end === 'stopped' || end === 'failed' ? '' : 'price unknown';
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
