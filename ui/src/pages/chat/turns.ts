// A conversation as it is read: what tools answered stands with the call, not as a message. Pure.

import { money } from '$lib/format';
import type { ShownMessage, ToolCall } from '$lib/types';

export interface Call extends ToolCall {
  /** What the tool answered; `null` while nobody has run it. */
  result: string | null;
}

export interface Turn {
  shown: ShownMessage;
  calls: Call[];
}

export function turnsOf(messages: ShownMessage[]): Turn[] {
  const results = new Map<string, string>();
  for (const { message } of messages) {
    if (message.role === 'tool') results.set(message.call, message.text);
  }
  return messages
    .filter(({ message }) => message.role !== 'tool' && message.role !== 'system')
    .map((shown) => ({ shown, calls: callsOf(shown, results) }));
}

function callsOf({ message }: ShownMessage, results: Map<string, string>): Call[] {
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : [];
  return calls.map((call) => ({ ...call, result: results.get(call.id) ?? null }));
}

/** The last message is a question and nobody is answering it. */
export function isUnanswered(turns: Turn[], busy: boolean): boolean {
  return !busy && turns.at(-1)?.shown.message.role === 'user';
}

/** The last thing that the reader said, to be edited. */
export function lastOwn(turns: Turn[]): string | null {
  return turns.findLast(({ shown }) => shown.message.role === 'user')?.shown.id ?? null;
}

/** What all answers of the branch cost, and how many of them at a price that nobody knows. */
export function spentOf(messages: ShownMessage[]): { cost: number; unknown: number } {
  let [cost, unknown] = [0, 0];
  for (const { answer } of messages) {
    if (!answer) continue;
    if (answer.cost === null) unknown += answer.usage.output_tokens > 0 ? 1 : 0;
    else cost += answer.cost;
  }
  return { cost, unknown };
}

/** `$0.03 in this branch`; nothing where all of it was free. */
export function spentText({ cost, unknown }: { cost: number; unknown: number }): string {
  if (cost === 0) return unknown > 0 ? 'cost unknown' : '';
  return `${unknown > 0 ? 'at least ' : ''}${money(cost)} in this branch`;
}
