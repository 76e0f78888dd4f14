import { expect, test } from 'vitest';
import { idOf, keyText, yamlOf } from './keys';

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
