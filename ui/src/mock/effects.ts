// Effects and presets, as `audio.effects` tells them: a few of the studio's.

import { StudioError } from '$lib/error';
import type { EffectKind, EffectPreset } from '$lib/types';
import data from './effects.json';

const told = data as unknown as { effects: EffectKind[]; presets: EffectPreset[] };

export function paperEffects(scene: string) {
  let presets = told.presets;
  return {
    'audio.effects': () => ({ effects: told.effects, presets }),
    'audio.save_effects': (input: object) => {
      const { name, summary, chain } = input as EffectPreset;
      if (/podcast voice/i.test(name)) {
        throw new StudioError({
          code: 'conflict',
          message: '`Podcast voice` comes with the studio and stays as it is',
          field: '/name',
          hint: 'choose another name',
        });
      }
      presets = [...presets, { id: name.toLowerCase(), name, summary, chain, own: true }];
      return presets.at(-1);
    },
    'audio.remove_effects': (input: object) => {
      const { id } = input as EffectPreset;
      presets = presets.filter((preset) => preset.id !== id);
      return null;
    },
    'audio.noise_profile': () => {
      if (scene === 'error') {
        throw new StudioError({ code: 'bad_input', message: 'the sound ends 0.00 s after 9 s' });
      }
      const level = (n: number) => -70 - 30 * Math.log10(1 + n / 20) + 3 * Math.sin(n);
      const levels_db = Array.from({ length: 1025 }, (_, n) => level(n));
      return { profile: { step_hz: 23.4375, levels_db }, heard_secs: 0.5 };
    },
    'player.chain': () => {
      if (scene === 'error') {
        throw new StudioError({ code: 'bad_input', message: 'effects[0].gain.gain_db is 4000' });
      }
      return { player: 'p', bypass: false, cut_tail: false, latency_ms: 5.3, keeps_state: true };
    },
  };
}
