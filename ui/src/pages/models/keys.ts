// Where keys are, and how another server is added to the list. Pure.

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
  ]
    .filter(Boolean)
    .join(' · ');
}

export interface Server {
  name: string;
  url: string;
  needsKey: boolean;
  /** What the server calls its model. */
  model: string;
  contextTokens: number;
}

/** Lower-case letters, digits and dashes, as ids of providers are. */
export function idOf(name: string): string {
  const id = name
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return id || 'server';
}

/** The lines of `models.yaml` that add a server which speaks OpenAI's language. */
export function yamlOf({ name, url, needsKey, model, contextTokens }: Server): string {
  const id = idOf(name);
  return [
    'providers:',
    `  - id: ${id}`,
    `    name: ${quoted(name)}`,
    '    protocol: openai',
    `    base_url: ${quoted(url)}`,
    ...(needsKey ? ['    needs_key: true'] : []),
    'models:',
    `  - id: ${quoted(`${id}/${model}`)}`,
    `    name: ${quoted(model)}`,
    `    model: ${quoted(model)}`,
    `    context_tokens: ${contextTokens}`,
    `    output_tokens: ${Math.min(contextTokens, 8192)}`,
    '    capabilities: [json]',
    '    quality: { chat: 0.5 }',
    '',
  ].join('\n');
}

/** A double-quoted YAML scalar is a JSON string. */
function quoted(text: string): string {
  return JSON.stringify(text);
}
