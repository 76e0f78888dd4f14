// Finding by a few typed letters. Pure.

/**
 * How well `query` fits `text`: every word of the query must start a word of the text, else stand
 * somewhere in it. `null` when one does not; larger is better.
 */
export function score(query: string, text: string): number | null {
  const hay = text.toLowerCase();
  const words = hay.split(/[^\p{L}\p{N}]+/u);
  let total = 0;
  for (const part of query.toLowerCase().split(/\s+/).filter(Boolean)) {
    const position = words.findIndex((word) => word.startsWith(part));
    if (position >= 0) total += 10 - Math.min(position, 5) + (words[position] === part ? 3 : 0);
    else if (hay.includes(part)) total += 2;
    else return null;
  }
  return total;
}

/** Those that fit, best first; equal ones keep their order. */
export function search<T>(query: string, items: readonly T[], textOf: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, score: score(query, textOf(item)) }))
    .filter((found): found is { item: T; score: number } => found.score !== null)
    .sort((a, b) => b.score - a.score)
    .map(({ item }) => item);
}
