import type { HeardLoudness } from '$lib/types';

/** What the meters of the paper studio read, `secs` after the start. */
export function paperLoudness(secs: number): HeardLoudness {
  const wave = Math.sin(1.2 * secs);
  return {
    momentary_lufs: -16 + 4 * wave,
    short_term_lufs: -17 + 2 * wave,
    integrated_lufs: -16.4,
    range_lu: 5.2,
    true_peak_dbtp: -0.6,
  };
}
