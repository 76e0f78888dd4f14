import { expect, test } from 'vitest';
import type { ModelState } from './types';
import { contextText, outcomeText, priceText, reasonText, stateText } from './modelFacts';

const model = {
  readiness: 'ready',
  circuit: 'closed',
  tokens_per_sec: 41.7,
  is_free: false,
  price: { model: 'x', as_of: '2026-01-01', source: '', input: 0.25, output: 2 },
} as ModelState;

test('a model tells whether it can answer and for how much', () => {
  expect(stateText(model)).toBe('Ready, 42 tokens/s');
  expect(stateText({ ...model, readiness: 'missing' })).toBe('Needs a key');
  expect(stateText({ ...model, readiness: { loadable: 5 } })).toBe('Here, not loaded');
  expect(stateText({ ...model, circuit: 'open' })).toBe('Resting after failures');
  expect(priceText(model)).toBe('$0.25 in, $2 out');
  expect(priceText({ ...model, price: null })).toBe('price unknown');
  expect(priceText({ ...model, price: null, is_free: true })).toBe('free');
  expect([contextText(8192), contextText(1_047_576)]).toEqual(['8 k tokens', '1 M tokens']);
});

test('reasons and outcomes are words', () => {
  expect(reasonText('privacy')).toBe('Words must stay on this machine');
  expect(reasonText({ lacks: 'vision' })).toBe('Cannot do pictures');
  expect(reasonText({ too_dear: { costs: 2_000_000 } })).toBe('May cost $2.00');
  const failed = { model: 'x', failure: 'rate_limited', detail: null };
  const outcome = {
    attempts: [failed],
    model: null,
    cost: null,
    first_token_ms: null,
    total_ms: 1,
    usage: {
      input_tokens: 0,
      cached_tokens: 0,
      cache_write_tokens: 0,
      output_tokens: 0,
      reasoning_tokens: 0,
    },
  };
  const record = { outcome } as Parameters<typeof outcomeText>[0];
  expect(outcomeText(record)).toBe('Failed: rate limited');
  expect(outcomeText({ ...record, outcome: { ...outcome, model: 'x', cost: 0 } })).toBe('free');
});
