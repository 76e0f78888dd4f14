// The router's log of the paper studio, and why models refuse.

import { StudioError } from '$lib/error';
import type { DecisionRecord } from '$lib/types';
import { decide } from './models';

const failures: (string | null)[] = [null, null, null, 'rate_limited', null, null, 'network', null];

export const decisions: DecisionRecord[] = Array.from({ length: 240 }, (_, i) => record(i));

function record(i: number): DecisionRecord {
  const policy =
    (['balanced', 'balanced', 'best', 'cheapest', 'local_only'] as const)[i % 5] ?? 'balanced';
  const tokens = 300 + ((i * 377) % 5200);
  const decision = decide({
    policy,
    privacy: i % 9 === 4 ? 'local_only' : 'may_leave',
    pinned: null,
    tokens,
    sees: i % 11 === 3,
  });
  const failure = failures[i % failures.length] ?? null;
  const [first, second] = decision.ranked;
  const answered = failure ? second : first;
  const nobody = i % 23 === 9;
  const attempts = failure && first ? [{ model: first.model, failure, detail: said(failure) }] : [];
  if (answered && !nobody)
    attempts.push({ model: answered.model, failure: null as never, detail: null as never });
  return {
    id: `d${i + 1}`,
    at: new Date(Date.now() - (3 + i * 17) * 60_000).toISOString(),
    operation: i % 4 === 1 ? 'v1.chat' : 'chat.send',
    question: {
      task: 'chat',
      policy,
      privacy: i % 9 === 4 ? 'local_only' : 'may_leave',
      needs: i % 11 === 3 ? ['vision'] : [],
      input_tokens: tokens,
      output_tokens: 800,
      pinned: null,
      sticky: null,
      allow_unknown_price: false,
      most_cost: null,
    },
    decision,
    outcome:
      i === 0
        ? null
        : {
            attempts,
            model: nobody ? null : (answered?.model ?? null),
            usage: {
              input_tokens: tokens,
              cached_tokens: (i % 3) * 120,
              cache_write_tokens: 0,
              output_tokens: nobody ? 0 : 140 + ((i * 97) % 900),
              reasoning_tokens: i % 6 === 2 ? 220 : 0,
            },
            cost: nobody ? 0 : Math.round((answered?.most_cost ?? 0) * 0.62),
            first_token_ms: nobody ? null : 310 + ((i * 53) % 900),
            total_ms: 1800 + ((i * 211) % 9000),
          },
  };
}

function said(failure: string): string {
  return failure === 'network'
    ? 'OpenAI cannot be reached: connection reset'
    : 'OpenAI takes no more requests for now: 429';
}

export const refusals = {
  budget: new StudioError({
    code: 'refused',
    message:
      'an answer of GPT-5 may cost $0.0834, which passes today’s limit of $2.0000 ($1.9400 is spent or set aside)',
    hint: 'raise `budget.daily_limit_usd` in the settings, or wait for tomorrow (UTC)',
  }),
  nokey: new StudioError({
    code: 'refused',
    message: 'OpenAI refuses the key: invalid_api_key',
    hint: 'check the provider’s key in the settings',
  }),
  offline: new StudioError({
    code: 'network',
    message:
      'OpenAI cannot be reached: no route to host; tried openai/gpt-5 (network), openai/gpt-5-mini (network)',
    hint: 'try again, or allow another model as fallback',
  }),
  nobody: new StudioError({
    code: 'unsupported',
    message: 'no model can answer: None of 9 models can answer this.',
    hint: 'start Ollama, or enter a provider’s key; `gateway.route` tells the reason for each model',
  }),
};
