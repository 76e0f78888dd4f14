// Places to begin: a key, a mode, a tempo and an intensity for a purpose.

import type { Score } from '$lib/store/ambient.svelte';

export const presets: { id: string; title: string; score: Score }[] = [
  { id: 'focus', title: 'Focus', score: { key: 'D', mode: 'dorian', bpm: 60, intensity: 0.5 } },
  {
    id: 'meditation',
    title: 'Meditation',
    score: { key: 'C', mode: 'aeolian', bpm: 50, intensity: 0.3 },
  },
  { id: 'sleep', title: 'Sleep', score: { key: 'A', mode: 'phrygian', bpm: 40, intensity: 0.2 } },
  { id: 'bright', title: 'Bright', score: { key: 'G', mode: 'lydian', bpm: 70, intensity: 0.6 } },
];

/** The preset that sounds like this, if any. */
export function presetOf(score: Score): (typeof presets)[number] | undefined {
  return presets.find((preset) => same(preset.score, score));
}

export function same(one: Score, other: Score): boolean {
  return (
    one.key === other.key &&
    one.mode === other.mode &&
    Math.abs(one.bpm - other.bpm) < 0.5 &&
    Math.abs(one.intensity - other.intensity) < 0.005
  );
}
