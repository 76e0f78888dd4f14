// A tool's call and answer as people read them. Pure.

import { readable, scalar, type Readable } from '$lib/readable';
import type { Json } from '$lib/types';
import type { Call } from './turns';

export type CallState = 'waiting' | 'done' | 'failed';

export function stateOf({ result }: Call): CallState {
  if (result === null) return 'waiting';
  return /^\s*(error|failed|refused)\b/i.test(result) ? 'failed' : 'done';
}

/** `project Night radio, asset Evening take.flac`, in one line. */
export function gistOf(call: Call): string {
  return Object.entries(call.arguments as Record<string, Json>)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([key, value]) => `${key.replaceAll('_', ' ')} ${scalar(value, key)}`)
    .join(', ');
}

export function argumentsOf(call: Call): Readable {
  return readable(call.arguments as Record<string, Json>);
}

/** What came back: facts and tables where it is JSON, else the words. */
export function resultOf(result: string): Readable {
  const text = result.trim();
  if (/^[[{]/.test(text)) {
    try {
      return readable(JSON.parse(text) as Json);
    } catch {
      // Cut or not JSON at all: shown as it came.
    }
  }
  return { kind: 'text', text };
}
