// Sums and limits as the cost page tells them. Pure.

import { money } from './format';
import type { BudgetState, CostTotal, ModelState } from './types';

export type LimitTone = 'ok' | 'warn' | 'full';

/** How a limit stands: the soft one warns, the hard one refuses. */
export function toneOf({ taken, limit, warn_at: warns }: BudgetState): LimitTone {
  if (taken >= limit) return 'full';
  return taken >= warns ? 'warn' : 'ok';
}

/** `$1.74 of $2.00`, with what follows from it. */
export function limitText(budget: BudgetState): string {
  const { taken, limit } = budget;
  if (limit === 0) return 'Nothing may be spent';
  const sum = `${dollars(taken)} of ${dollars(limit)}`;
  const tone = toneOf(budget);
  if (tone === 'full') return `${sum}: used up`;
  return `${sum}, ${dollars(limit - taken)} left`;
}

/** Money that is a sum: nothing is `$0`, not `free`. */
export function dollars(micro: number): string {
  return micro === 0 ? '$0' : money(micro);
}

/** A model's sum: `null` where nobody knows its price, so that nothing was counted. */
export function costOf(total: CostTotal, models: ModelState[]): number | null {
  if (total.cost > 0 || total.requests === 0 || total.name === '') return total.cost;
  const model = models.find(({ id }) => id === total.name);
  return model && (model.is_free || model.price) ? total.cost : null;
}

const NOTHING: CostTotal = {
  name: '',
  cost: 0,
  requests: 0,
  unpriced: 0,
  input_tokens: 0,
  cached_tokens: 0,
  output_tokens: 0,
};

/** Every day of the last `days`, the present one last; those without an answer are zero. */
export function everyDay(totals: CostTotal[], days: number, now: Date): CostTotal[] {
  const known = new Map(totals.map((total) => [total.name, total]));
  return Array.from({ length: days }, (_, i) => {
    const name = new Date(now.getTime() - (days - 1 - i) * 86_400_000).toISOString().slice(0, 10);
    return known.get(name) ?? { ...NOTHING, name };
  });
}

/** `12 k`, `1.4 M`: token counts are read, not compared digit by digit. */
export function tokens(count: number): string {
  if (count < 1000) return String(count);
  if (count < 1_000_000) return `${Math.round(count / 1000)} k`;
  return `${(count / 1_000_000).toFixed(1)} M`;
}

/** `12 March` of an ISO day. */
export function dayText(iso: string): string {
  const date = new Date(`${iso}T12:00:00Z`);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleDateString('en-GB', { day: 'numeric', month: 'long' });
}

/** What another policy would have saved or cost, as a sentence's end. */
export function differenceText(cost: number, would: number): string {
  const difference = would - cost;
  if (difference === 0) return 'the same money';
  const share = cost > 0 ? `, ${Math.round((Math.abs(difference) / cost) * 100)} %` : '';
  return `${money(Math.abs(difference))}${share} ${difference < 0 ? 'less' : 'more'}`;
}
