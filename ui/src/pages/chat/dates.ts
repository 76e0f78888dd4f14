// Conversations by when they were used last. Pure.

import type { Conversation } from '$lib/types';

export interface Group {
  title: string;
  list: Conversation[];
}

const DAY_MS = 86_400_000;

/** Newest first, under `Today`, `Yesterday`, `Last 7 days`, `Last 30 days`, then months. */
export function grouped(list: Conversation[], now: Date): Group[] {
  const groups: Group[] = [];
  const newest = [...list].sort((a, b) => b.updated_at.localeCompare(a.updated_at));
  for (const chat of newest) {
    const title = titleOf(new Date(chat.updated_at), now);
    const group = groups.find((each) => each.title === title);
    if (group) group.list.push(chat);
    else groups.push({ title, list: [chat] });
  }
  return groups;
}

function titleOf(then: Date, now: Date): string {
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const back = midnight - then.getTime();
  if (Number.isNaN(back)) return 'Earlier';
  if (back <= 0) return 'Today';
  if (back <= DAY_MS) return 'Yesterday';
  if (back <= 7 * DAY_MS) return 'Last 7 days';
  if (back <= 30 * DAY_MS) return 'Last 30 days';
  return then.toLocaleDateString('en-GB', { month: 'long', year: 'numeric' });
}

/** A search excerpt in pieces: what was sought stands in brackets. */
export function marked(excerpt: string): { text: string; hit: boolean }[] {
  return excerpt
    .split(/(\[[^\]]*\])/)
    .filter(Boolean)
    .map((piece) =>
      piece.startsWith('[') && piece.endsWith(']')
        ? { text: piece.slice(1, -1), hit: true }
        : { text: piece, hit: false },
    );
}
