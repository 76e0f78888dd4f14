// Asks the studio who would answer, without asking anybody to.

import { call } from '$lib/store/connection';
import type { Chat, Privacy } from '$lib/types';
import type { Picture } from './attachments';
import { LONGEST_CHAIN, requestOf, stickyOf, type Forecast } from './forecast';

interface Asked {
  chat: Chat | null;
  words: string;
  pictures: Picture[];
  /** Empty: the router picks. */
  model: string;
  privacy: Privacy;
}

/** `null` where it cannot be told: sending tells why. */
export async function askForecast(asked: Asked): Promise<Forecast | null> {
  const { chat, words, pictures, model, privacy } = asked;
  const request = requestOf(chat, words, pictures);
  const sticky = model ? null : stickyOf(chat);
  try {
    const routed = await call('gateway.route', { request, privacy, model: model || null, sticky });
    const { decision } = routed;
    const chain = decision.ranked.slice(0, LONGEST_CHAIN);
    const mosts = await Promise.all(
      chain.map((each) => call('gateway.analyze_tokens', { request, model: each.model })),
    );
    const costs = mosts.map(({ most_cost: cost }) => cost);
    const known = costs.filter((cost) => cost !== null);
    const most = known.length < costs.length ? null : Math.max(0, ...known);
    return { routed, most };
  } catch {
    return null;
  }
}
