import { expect, test } from 'vitest';
import type { ToolServer } from '$lib/types';
import { serverFacts, wishOf, wordsOf } from './servers';

test('a line is taken apart as a shell does', () => {
  expect(wordsOf(`npx -y "a b" --x='c d' `)).toEqual(['npx', '-y', 'a b', '--x=c d']);
  expect(wordsOf('')).toEqual([]);
  expect(wordsOf('npx "open')).toBeNull();
});

test('a wish becomes a program or an address', () => {
  const form = {
    name: ' files ',
    kind: 'program' as const,
    line: 'npx -y x',
    given: 'A=b=c\n',
    trusted: false,
  };
  expect(wishOf(form)).toEqual({
    input: {
      server: 'files',
      command: 'npx',
      args: ['-y', 'x'],
      env: { A: 'b=c' },
      trusted: false,
    },
  });
  const far = {
    ...form,
    kind: 'address' as const,
    line: 'https://a/mcp',
    given: 'Authorization: Bearer x',
  };
  expect(wishOf(far)).toMatchObject({ input: { headers: { Authorization: 'Bearer x' } } });
  expect(wishOf({ ...far, line: 'a/mcp' })).toMatchObject({ field: 'line' });
  expect(wishOf({ ...form, given: 'no value' })).toMatchObject({ field: 'given' });
  expect(wishOf({ ...form, line: ' ' })).toMatchObject({ field: 'line' });
});

test('what a server is given is named, never shown', () => {
  const server = {
    title: 'Everything',
    version: '2',
    tools: 11,
    trusted: false,
    env: ['KEY'],
    headers: [],
  };
  expect(serverFacts(server as unknown as ToolServer)).toBe(
    'Everything 2 · 11 tools · agents ask first · given KEY',
  );
});
