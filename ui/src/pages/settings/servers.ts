// Tool servers as people read and wish them. Pure.

import { count } from '$lib/format';
import type { NewToolServer, ToolServer } from '$lib/types';

const STATES: Record<
  ToolServer['state'],
  { text: string; tone: 'plain' | 'ok' | 'warn' | 'danger' }
> = {
  disabled: { text: 'Off', tone: 'plain' },
  idle: { text: 'Starts when needed', tone: 'plain' },
  connecting: { text: 'Starting', tone: 'plain' },
  connected: { text: 'Connected', tone: 'ok' },
  restarting: { text: 'Starting again', tone: 'warn' },
  failed: { text: 'Failed', tone: 'danger' },
  invalid: { text: 'Its entry is wrong', tone: 'danger' },
};

export const stateOf = ({ state }: ToolServer) => STATES[state];

/** `Everything 2.0 · 11 tools · trusted · given API_KEY`; never a value. */
export function serverFacts(server: ToolServer): string {
  const { title, version, tools, trusted, env, headers } = server;
  const given = [...env, ...headers];
  return [
    [title, version].filter(Boolean).join(' '),
    tools === null ? '' : count(tools, 'tool'),
    trusted ? 'agents need not ask' : 'agents ask first',
    given.length > 0 ? `given ${given.join(', ')}` : '',
  ]
    .filter(Boolean)
    .join(' · ');
}

export interface Form {
  name: string;
  kind: 'program' | 'address';
  /** Program and arguments, as in a shell; or the address. */
  line: string;
  /** One `NAME=value` a line: variables, or headers. */
  given: string;
  trusted: boolean;
}

type Wish = { input: NewToolServer } | { error: string; field: 'line' | 'given' };

export function wishOf({ name, kind, line, given, trusted }: Form): Wish {
  const pairs: Record<string, string> = {};
  for (const row of given.split('\n').map((each) => each.trim())) {
    if (!row) continue;
    const at = row.search(kind === 'program' ? /=/ : /[=:]/);
    if (at < 1) return { error: `“${row}” is not a name with a value.`, field: 'given' };
    pairs[row.slice(0, at).trim()] = row.slice(at + 1).trim();
  }
  const server = name.trim();
  if (kind === 'address') {
    const url = line.trim();
    if (!/^https?:\/\/\S+$/.test(url))
      return { error: 'An address begins with http:// or https://.', field: 'line' };
    return { input: { server, url, headers: pairs, trusted } };
  }
  const words = wordsOf(line);
  if (!words) return { error: 'A quotation mark is not closed.', field: 'line' };
  const [command, ...args] = words;
  if (!command) return { error: 'Name the program to start.', field: 'line' };
  return { input: { server, command, args, env: pairs, trusted } };
}

/** A line as a shell takes it apart, without its other magic; `null` for an open quotation. */
export function wordsOf(line: string): string[] | null {
  const words: string[] = [];
  const piece = /\s*((?:[^\s"']|"[^"]*"|'[^']*')+)/y;
  while (piece.lastIndex < line.trimEnd().length) {
    const word = piece.exec(line)?.[1];
    if (word === undefined) return null;
    words.push(word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
  }
  return words;
}
