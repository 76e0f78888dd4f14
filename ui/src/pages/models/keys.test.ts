import { expect, test } from 'vitest';
import type { ProviderState } from '$lib/types';
import { idOf, keyText, providerFacts, yamlOf } from './keys';

test('a server becomes lines of the list', () => {
  const yaml = yamlOf({
    name: 'Büro "Nord"',
    url: 'http://10.0.0.2:8000/v1',
    needsKey: true,
    model: 'qwen/qwen3:8b',
    contextTokens: 4096,
  });
  expect(yaml).toContain('- id: buro-nord\n');
  expect(yaml).toContain('name: "Büro \\"Nord\\""');
  expect(yaml).toContain('id: "buro-nord/qwen/qwen3:8b"');
  expect(yaml).toContain('output_tokens: 4096');
  expect(yaml).toContain('needs_key: true');
  expect(idOf('!!')).toBe('server');
});

test('a key’s place is told, never the key', () => {
  expect(keyText({ environment: 'OPENAI_API_KEY' })).toBe('In the variable OPENAI_API_KEY');
  expect(keyText('encrypted_file')).toBe('In a sealed file');
});

test('a hub is no model’s home, and this program has no address', () => {
  const provider = (more: object) =>
    ({ models: 3, on_this_machine: false, ...more }) as ProviderState;
  const cloud = { protocol: 'openai', base_url: 'https://a/v1' };
  expect(providerFacts(provider(cloud))).toBe('https://a/v1 · 3 models listed');
  expect(providerFacts(provider({ ...cloud, protocol: 'hub' }))).toContain('downloaded from here');
  expect(providerFacts(provider({ protocol: 'local', on_this_machine: true }))).toBe(
    'Runs inside this program · 3 models listed · words stay on this machine',
  );
});
