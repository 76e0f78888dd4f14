import { expect, test } from 'vitest';
import type { ProviderState } from '$lib/types';
import { keyText, providerFacts } from './keys';

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
  expect(providerFacts(provider({ ...cloud, is_free: true }))).toContain('costs nothing');
  expect(providerFacts(provider({ protocol: 'local', on_this_machine: true }))).toBe(
    'Runs inside this program · 3 models listed · words stay on this machine',
  );
});
