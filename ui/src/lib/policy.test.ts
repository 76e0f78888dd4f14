import { expect, test } from 'vitest';
import { BALANCED } from './modelFacts';
import type { Setting } from './types';
import { changesFor, choiceOf, isSame, keepsWeights, policyOf } from './policy';

const setting = (key: string, value: unknown, more: object = {}) =>
  ({ key, value, ...more }) as Setting;

test('a policy survives the settings', () => {
  const weights = { ...BALANCED, price: 9, readiness: 0 };
  const choice = { name: 'custom' as const, weights };
  const kept = changesFor(choice).map(([key, value]) => setting(key, value));
  expect(isSame(choiceOf(kept), choice)).toBe(true);
  expect(kept.at(-1)?.key).toBe('models.policy');
  expect(policyOf(choice)).toEqual({ custom: weights });
});

test('without a setting it is balanced, and weights matter only to `custom`', () => {
  const none = choiceOf([]);
  expect(policyOf(none)).toBe('balanced');
  expect(isSame(none, { ...none, weights: { ...BALANCED, price: 9 } })).toBe(true);
  expect(changesFor({ ...none, name: 'best' })).toEqual([['models.policy', 'best']]);
});

test('own weights are kept only where the studio knows them', () => {
  expect(keepsWeights([setting('models.policy', 'best', { choices: ['best'] })])).toBe(false);
  expect(keepsWeights([setting('models.policy', 'best', { choices: ['best', 'custom'] })])).toBe(
    true,
  );
});
