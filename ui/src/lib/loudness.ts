import type { HeardLoudness } from './types';

/** What a loudness meter shows before anything was heard. */
export const UNHEARD: HeardLoudness = {
  momentary_lufs: null,
  short_term_lufs: null,
  integrated_lufs: null,
  range_lu: 0,
  true_peak_dbtp: null,
};
