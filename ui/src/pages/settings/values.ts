// A setting's value as typed, and back.

import { rangeText } from '$lib/schema';
import type { Json, Setting, SystemInfo } from '$lib/types';

export const origins: Record<Setting['origin'], string> = {
  default: '',
  file: 'Changed by you.',
  environment: 'Set by the environment; it cannot be changed here.',
  flag: 'Set when the studio was started; it cannot be changed here.',
};

/** The values to choose from; the sound device is chosen among those that are there. */
export function choicesOf(setting: Setting, system: SystemInfo | null): string[] {
  if (setting.choices) return setting.choices;
  if (setting.key !== 'audio.output_device' || !system) return [];
  return [...new Set(['', ...system.audio_devices, String(setting.value ?? '')])];
}

export function valueFrom(setting: Setting, typed: string): { value: Json } | { error: string } {
  if (setting.type === 'string') return { value: typed.trim() };
  const value = Number(typed.trim().replace('−', '-').replace(',', '.'));
  const [minimum, maximum] = [setting.minimum ?? null, setting.maximum ?? null];
  const outside = (minimum !== null && value < minimum) || (maximum !== null && value > maximum);
  const whole = setting.type !== 'integer' || Number.isInteger(value);
  if (typed.trim() === '' || !Number.isFinite(value) || !whole || outside) {
    const kind = setting.type === 'integer' ? 'a whole number' : 'a number';
    return { error: `This must be ${kind}, ${rangeText(minimum, maximum)}.`.replace(', .', '.') };
  }
  return { value };
}
