import { expect, test } from 'vitest';
import type { ApiKey } from '$lib/types';
import { keyFacts, stateOf, wishOf } from './access';

const key: ApiKey = {
  id: 'k',
  name: 'n',
  scopes: ['models'],
  created_at: '2026-01-01T00:00:00Z',
  expires_at: '2026-03-01T00:00:00Z',
  revoked_at: null,
  requests_per_minute: 60,
  budget: 5_000_000,
};

test('a key tells what it may and until when', () => {
  expect(keyFacts(key)).toBe(
    'asks models · until 1 March 2026 · $5.00 in all · 60 requests a minute',
  );
  expect(stateOf(key, new Date('2026-02-01'))).toBe('valid');
  expect(stateOf(key, new Date('2026-04-01'))).toBe('expired');
  expect(stateOf({ ...key, revoked_at: key.created_at }, new Date('2026-02-01'))).toBe('revoked');
});

test('a wish is checked before it is sent', () => {
  const form = { name: ' a ', scope: 'write', days: '', budget: '0,50', rate: '' };
  expect(wishOf(form)).toEqual({
    input: { name: 'a', scopes: ['read', 'write', 'models'], budget_usd: 0.5 },
  });
  expect(wishOf({ ...form, days: '1.5' })).toMatchObject({ field: 'expires_in_days' });
  expect(wishOf({ ...form, rate: '0' })).toMatchObject({ field: 'requests_per_minute' });
  expect(wishOf({ ...form, budget: 'much' })).toMatchObject({ field: 'budget_usd' });
});
