// A server of models as it is typed in, and as `provider.add` takes it. Pure.

import { isWeb } from '$lib/markdown';
import type { Input, ProviderState } from '$lib/types';

export type NewServer = Input<'provider.add'>;

export interface Form {
  name: string;
  address: string;
  key: string;
  isFree: boolean;
  protocol: string;
  /** In tokens. */
  context: string;
  /** As the server calls them, one a line. */
  models: string;
}

export const EMPTY: Form = {
  name: '',
  address: '',
  key: '',
  isFree: false,
  protocol: 'openai',
  context: '8192',
  models: '',
};

export const PROTOCOLS = [
  { value: 'openai', label: 'OpenAI (most servers)' },
  { value: 'openai-responses', label: 'OpenAI’s Responses' },
  { value: 'anthropic', label: 'Anthropic' },
  { value: 'gemini', label: 'Gemini' },
  { value: 'ollama', label: 'Ollama' },
];

/** What few have to change: an error there opens it. */
export const RARE = ['protocol', 'context_tokens', 'models'];

/** `field` is the input's. */
type Wish = { input: NewServer } | { error: string; field: string };

export function wishOf({ name, address, key, isFree, protocol, context, models }: Form): Wish {
  const base_url = address.trim();
  const context_tokens = /^\d+$/.test(context.trim()) ? Number(context) : NaN;
  const named = models.split('\n').map((line) => line.trim());
  if (!isWeb(base_url))
    return { error: 'An address begins with http:// or https://.', field: 'base_url' };
  if (!(context_tokens >= 256))
    return { error: 'This must be a whole number of at least 256.', field: 'context_tokens' };
  return {
    input: {
      name: name.trim(),
      base_url,
      protocol: protocol as ProviderState['protocol'],
      is_free: isFree,
      context_tokens,
      ...(key.trim() ? { key: key.trim() } : {}),
      ...(named.some(Boolean) ? { models: named.filter(Boolean) } : {}),
    },
  };
}

/** What adds the server once more, so that its models are read anew. Its key is known already. */
export function againOf({ name, base_url, protocol, is_free }: ProviderState): NewServer {
  return { name, base_url: base_url ?? '', protocol, is_free };
}
