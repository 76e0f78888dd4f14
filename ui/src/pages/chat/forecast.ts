// Who would answer and what it would cost, told before anything is sent. Pure.

import { money } from '$lib/format';
import type { Chat, ChatRequest, Message, Routed } from '$lib/types';
import type { Picture } from './attachments';

/** The router asks at most this many models in turn; the budget sets the dearest of them aside. */
export const LONGEST_CHAIN = 4;

/** Only that there is a picture matters for choosing: its bytes stay here. */
const STAND_IN = 'R0lGODlhAQABAAAAACw=';

export interface Forecast {
  routed: Routed;
  /** The most that the dearest model of the chain may take; `null`: some price is unknown. */
  most: number | null;
}

/** All that would be sent with these words. */
export function requestOf(chat: Chat | null, words: string, pictures: Picture[]): ChatRequest {
  const system: Message[] = chat?.conversation.system
    ? [{ role: 'system', text: chat.conversation.system }]
    : [];
  const before = (chat?.messages ?? []).map(({ message }) => slim(message));
  const images = pictures.map(({ media_type }) => ({
    type: 'image' as const,
    media_type,
    data: STAND_IN,
  }));
  const parts = [{ type: 'text' as const, text: words }, ...images];
  return { messages: [...system, ...before, { role: 'user', parts }] };
}

function slim(message: Message): Message {
  if (message.role !== 'user') return message;
  const parts = message.parts.map((part) =>
    part.type === 'image' ? { ...part, data: STAND_IN } : part,
  );
  return { role: 'user', parts };
}

/** The model that answered last is kept, as the router does, unless one was chosen by hand. */
export function stickyOf(chat: Chat | null): string | null {
  return chat?.messages.findLast(({ answer }) => answer)?.answer?.model ?? null;
}

/** `for about $0.0024, at most $0.0171`; `for nothing`; or that the price is unknown. */
export function priceText({ routed, most }: Forecast): string {
  const first = routed.decision.ranked[0];
  if (!first) return '';
  if (first.most_cost === null) return 'at a price that nobody knows';
  const isFree = first.most_cost === 0;
  const about = isFree ? 'for nothing' : `for about ${money(first.most_cost)}`;
  if (most === null) return `${about}; the price of a fallback is unknown`;
  if (most === 0) return about;
  return isFree
    ? `${about}; a fallback may cost ${money(most)}`
    : `${about}, at most ${money(most)}`;
}
