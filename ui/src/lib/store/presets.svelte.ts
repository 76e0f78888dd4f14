// The owner's own presets of the ambient score.

import type { Output } from '../types';
import type { Score } from './ambient.svelte';
import { call } from './connection';
import { attempt, quietly } from './toasts.svelte';

type Named = Output<'ambient.presets'>['own'][number];

class Presets {
  own = $state.raw<Named[]>([]);

  load() {
    return quietly(call('ambient.presets', {}).then(({ own }) => (this.own = own)));
  }

  /** Whether it was saved. */
  async save(name: string, { key, mode, bpm, intensity }: Score): Promise<boolean> {
    const saved = await attempt(call('ambient.save_preset', { name, key, mode, bpm, intensity }));
    if (saved) this.own = saved.own;
    return saved !== null;
  }

  async remove(name: string) {
    const left = await attempt(call('ambient.remove_preset', { name }));
    if (left) this.own = left.own;
  }
}

export const presets = new Presets();
