// Access keys as people read and wish them. Pure.

import { money } from '$lib/format';
import type { ApiKey, Input } from '$lib/types';

export const SCOPES = [
  { value: 'models', label: 'Ask models' },
  { value: 'read', label: 'Look at everything' },
  { value: 'write', label: 'Look at and change everything' },
];

const SAYS: Record<string, string> = {
  models: 'asks models',
  read: 'looks at everything',
  write: 'changes everything',
};

export function stateOf(key: ApiKey, now: Date): 'valid' | 'revoked' | 'expired' {
  if (key.revoked_at) return 'revoked';
  return key.expires_at && Date.parse(key.expires_at) <= now.getTime() ? 'expired' : 'valid';
}

/** `asks models · until 3 March 2027 · $5.00 in all · 60 requests a minute`. */
export function keyFacts(key: ApiKey): string {
  const { scopes, expires_at: until, budget, requests_per_minute: rate } = key;
  return [
    scopes.map((scope) => SAYS[scope] ?? scope).join(', '),
    until ? `until ${day(until)}` : 'without end',
    budget === null ? '' : `${money(budget)} in all`,
    rate === null ? '' : `${rate} requests a minute`,
  ]
    .filter(Boolean)
    .join(' · ');
}

export interface Form {
  name: string;
  scope: string;
  days: string;
  budget: string;
  rate: string;
}

type Wish = { input: Input<'keys.create'> } | { error: string; field: string };

/** The form as `keys.create` takes it; what may change everything may look and ask, too. */
export function wishOf({ name, scope, days, budget, rate }: Form): Wish {
  const whole = (text: string) => (/^\d+$/.test(text.trim()) ? Number(text) : NaN);
  const dollars = Number(budget.trim().replace(',', '.'));
  const wrong = 'This must be a whole number above 0, or empty.';
  if (days.trim() && !(whole(days) > 0)) return { error: wrong, field: 'expires_in_days' };
  if (rate.trim() && !(whole(rate) > 0)) return { error: wrong, field: 'requests_per_minute' };
  if (budget.trim() && !(dollars >= 0))
    return { error: 'This must be an amount such as 5 or 0.50, or empty.', field: 'budget_usd' };
  const scopes: ApiKey['scopes'] =
    scope === 'write' ? ['read', 'write', 'models'] : scope === 'read' ? ['read'] : ['models'];
  return {
    input: {
      name: name.trim(),
      scopes,
      ...(days.trim() ? { expires_in_days: whole(days) } : {}),
      ...(rate.trim() ? { requests_per_minute: whole(rate) } : {}),
      ...(budget.trim() ? { budget_usd: dollars } : {}),
    },
  };
}

function day(iso: string): string {
  return new Date(iso).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  });
}
