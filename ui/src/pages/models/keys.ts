// Who answers, and where the keys are. Pure.

import { count } from '$lib/format';
import type { KeyPlace, ProviderState } from '$lib/types';

export function keyText(place: KeyPlace): string {
  if (typeof place === 'object') return `In the variable ${place.environment}`;
  return {
    unneeded: 'Needs no key',
    missing: 'No key yet',
    keychain: 'In the keychain',
    encrypted_file: 'In a sealed file',
  }[place];
}

/** Who answers, where models are downloaded from, or this program itself. */
export function kindOf({ protocol }: ProviderState): 'service' | 'hub' | 'local' {
  const kind: string = protocol;
  return kind === 'hub' || kind === 'local' ? kind : 'service';
}

/** `https://api.openai.com/v1 · 3 models listed`. */
export function providerFacts(provider: ProviderState): string {
  const kind = kindOf(provider);
  return [
    kind === 'local' ? 'Runs inside this program' : provider.base_url,
    kind === 'hub'
      ? 'models are downloaded from here'
      : `${count(provider.models, 'model')} listed`,
    provider.on_this_machine ? 'words stay on this machine' : '',
    provider.is_free && !provider.on_this_machine ? 'costs nothing' : '',
  ]
    .filter(Boolean)
    .join(' · ');
}
