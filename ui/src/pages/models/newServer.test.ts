import { expect, test } from 'vitest';
import type { ProviderState } from '$lib/types';
import { againOf, EMPTY, wishOf } from './newServer';

const form = { ...EMPTY, name: ' Office server ', address: ' http://10.0.0.2:8000/v1 ' };

test('what was left empty is not sent', () => {
  expect(wishOf(form)).toEqual({
    input: {
      name: 'Office server',
      base_url: 'http://10.0.0.2:8000/v1',
      protocol: 'openai',
      is_free: false,
      context_tokens: 8192,
    },
  });
});

test('models are named one a line', () => {
  expect(wishOf({ ...form, key: ' k ', models: 'qwen/qwen3:8b\n\n bge \n' })).toMatchObject({
    input: { key: 'k', models: ['qwen/qwen3:8b', 'bge'] },
  });
});

test('what is wrong is told at its field', () => {
  expect(wishOf({ ...form, address: '10.0.0.2' })).toMatchObject({ field: 'base_url' });
  for (const context of ['', '255', '8k', '-1'])
    expect(wishOf({ ...form, context }), context).toMatchObject({ field: 'context_tokens' });
});

test('a server is read again as it was added', () => {
  const added = {
    name: 'A',
    base_url: 'http://a/v1',
    protocol: 'openai',
    is_free: true,
    models: 3,
  };
  expect(againOf(added as ProviderState)).toEqual({
    name: 'A',
    base_url: 'http://a/v1',
    protocol: 'openai',
    is_free: true,
  });
});
