import { expect, test } from 'vitest';
import { detailsOf, factsOf, textOf } from './facts';

const usage = {
  input_tokens: 812,
  cached_tokens: 512,
  cache_write_tokens: 0,
  output_tokens: 412,
  reasoning_tokens: 80,
};
const answer = {
  model: 'x/y',
  because: '',
  decision: null,
  reasoning: '',
  usage,
  cost: 2100,
  first_token_ms: 420,
  tokens_per_sec: 37.6,
  end: 'stop',
  error: null,
  warnings: [],
};

test('an answer tells price, tokens and speed', () => {
  expect(factsOf(answer)).toBe(
    '$0.0021 · 812 tokens read, 512 cached · 412 written · 38 tokens/s · first word after 0.4 s',
  );
  expect(factsOf({ ...answer, cost: null })).toContain('price unknown');
  expect(factsOf({ ...answer, cost: 0 })).toContain('free');
  expect(factsOf({ ...answer, end: 'length' })).toContain('cut at its limit');
  expect(factsOf({ ...answer, end: 'stopped' })).not.toContain('$');
});

test('its details name cached tokens and thoughts', () => {
  expect(detailsOf(answer)).toContainEqual(['Tokens read', '812, 512 of them cached']);
  expect(detailsOf(answer)).toContainEqual(['Tokens written', '412, 80 of them thoughts']);
});

test('a message is its words without pictures', () => {
  const image = { type: 'image' as const, media_type: 'image/png', data: '' };
  const parts = [{ type: 'text' as const, text: 'a' }, image, { type: 'text' as const, text: 'b' }];
  expect(textOf({ message: { role: 'user', parts } })).toBe('a\nb');
});
