import { expect, test } from 'vitest';
import { costOf, differenceText, everyDay, limitText, tokens, toneOf } from './costs';
import type { BudgetState, CostTotal, ModelState } from './types';

const budget = (taken: number, limit = 2_000_000): BudgetState => ({
  scope: 'day',
  name: '',
  taken,
  limit,
  warn_at: limit * 0.8,
});

const none = { unpriced: 0, input_tokens: 0, cached_tokens: 0, output_tokens: 0 };

test('a limit warns before it refuses', () => {
  expect([0, 1_600_000, 2_000_000].map((taken) => toneOf(budget(taken)))).toEqual([
    'ok',
    'warn',
    'full',
  ]);
  expect(limitText(budget(500_000))).toBe('$0.50 of $2.00, $1.50 left');
  expect(limitText(budget(2_000_000))).toBe('$2.00 of $2.00: used up');
  expect(limitText(budget(0, 0))).toBe('Nothing may be spent');
});

test('a price that nobody knows is unknown, never 0', () => {
  const total = (name: string, cost: number): CostTotal => ({
    name,
    cost,
    requests: 3,
    ...none,
  });
  const models = [
    { id: 'here/a', is_free: true, price: null },
    { id: 'far/b', is_free: false, price: null },
    { id: 'far/c', is_free: false, price: {} },
  ] as ModelState[];
  expect(costOf(total('here/a', 0), models)).toBe(0);
  expect(costOf(total('far/b', 0), models)).toBeNull();
  expect(costOf(total('far/c', 0), models)).toBe(0);
  expect(costOf(total('gone/d', 0), models)).toBeNull();
  expect(costOf(total('gone/d', 40), models)).toBe(40);
});

test('days without an answer are there, as zero', () => {
  const known = { name: '2026-11-24', cost: 5, requests: 1, ...none };
  const days = everyDay([known], 3, new Date('2026-11-25T10:00:00Z'));
  expect(days.map(({ name, cost }) => [name, cost])).toEqual([
    ['2026-11-23', 0],
    ['2026-11-24', 5],
    ['2026-11-25', 0],
  ]);
});

test('differences and counts are words', () => {
  expect(differenceText(10_000_000, 4_000_000)).toBe('$6.00, 60 % less');
  expect(differenceText(0, 4_000_000)).toBe('$4.00 more');
  expect(differenceText(5, 5)).toBe('the same money');
  expect([tokens(812), tokens(12_400), tokens(1_430_000)]).toEqual(['812', '12 k', '1.4 M']);
});
