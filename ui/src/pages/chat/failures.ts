// Why nobody answered, and what can be done about it. Pure.

import type { StudioError } from '$lib/error';

export type Remedy = 'again' | 'budget' | 'providers' | 'model' | 'shorten' | 'fallback';

export interface Failure {
  title: string;
  remedies: Remedy[];
}

/**
 * The studio's codes are coarse: a refusal may come from the budget, a key or a provider's filter.
 * Its sentences are stable (`ChatError`, `OverLimit::refusal`), so the words decide.
 */
export function failureOf({ code, message, hint }: StudioError): Failure {
  const said = `${message} ${hint ?? ''}`;
  if (code === 'refused') {
    if (/budget\.|limit of \$|nobody knows its price/.test(said))
      return { title: 'The budget does not allow it', remedies: ['budget', 'model'] };
    if (/refuses the key/.test(said))
      return { title: 'The key was refused', remedies: ['providers', 'model'] };
    if (/quota/.test(said))
      return { title: 'The account has no credit left', remedies: ['model', 'providers'] };
    if (/refuses the content/.test(said))
      return { title: 'The provider refuses this message', remedies: ['model'] };
    return { title: 'It was refused', remedies: ['model', 'providers'] };
  }
  if (code === 'network') {
    const busy = /no more requests|overloaded/.test(said);
    const title = busy ? 'The provider is busy' : 'The provider cannot be reached';
    return { title, remedies: ['again', 'model'] };
  }
  if (code === 'unsupported')
    return { title: 'No model can answer this', remedies: ['providers', 'model'] };
  if (/too long/.test(said))
    return { title: 'The conversation is too long', remedies: ['shorten', 'model'] };
  return { title: 'Nobody answered', remedies: ['again', 'model'] };
}
