import { plain } from '$lib/format';

/** A typed number within its range, or what is wrong with it. */
export function numberIn(
  typed: string,
  minimum: number,
  maximum: number,
): { value: number } | { error: string } {
  const text = typed.trim().replace('−', '-').replace(',', '.');
  const value = Number(text);
  if (text === '' || !Number.isFinite(value) || value < minimum || value > maximum) {
    return { error: `This must be a number from ${plain(minimum)} to ${plain(maximum)}.` };
  }
  return { value };
}
