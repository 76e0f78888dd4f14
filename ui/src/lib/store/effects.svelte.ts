// What chains of effects can be made of, and the presets: the studio's, then the owner's own.

import type { Chain, EffectKind, EffectPreset } from '../types';
import { call } from './connection';
import { attempt, quietly } from './toasts.svelte';

class Effects {
  kinds = $state.raw<EffectKind[]>([]);
  presets = $state.raw<EffectPreset[]>([]);

  load() {
    return quietly(
      call('audio.effects', {}).then((told) => {
        this.kinds = told.effects;
        this.presets = told.presets as EffectPreset[];
      }),
    );
  }

  /** Fails where the name is taken or the chain is not good. */
  async save(name: string, summary: string, chain: Chain): Promise<void> {
    await call('audio.save_effects', { name, summary, chain });
    await this.load();
  }

  async remove(id: string) {
    if (await attempt(call('audio.remove_effects', { id }))) await this.load();
  }
}

export const effects = new Effects();
