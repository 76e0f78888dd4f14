// The models to choose from, in the picker's order. Pure.

import { contextText, priceText, stateText } from '$lib/modelFacts';
import { search } from '$lib/search';
import type { ModelState, Privacy } from '$lib/types';

export interface Entry {
  /** Empty: the router picks. */
  id: string;
  group: string;
  name: string;
  price: string;
  note: string;
  /** Why it cannot be chosen. */
  blocked: string | null;
}

interface Wish {
  words: string;
  privacy: Privacy;
  auto: boolean;
  because: string;
}

/** Those that can answer first, by where they run; the others last, each with its reason. */
export function entriesOf(models: ModelState[], { words, privacy, auto, because }: Wish): Entry[] {
  const usable = models.filter(({ capabilities }) => !capabilities.includes('embedding'));
  const all = usable.map((model) => entry(model, privacy)).sort(inOrder);
  const sought = words.trim();
  if (sought) return search(sought, all, ({ name, id }) => `${name} ${id}`);
  const router: Entry = {
    id: '',
    group: 'Let the router pick',
    name: 'Auto',
    price: '',
    note: because || 'The best model for your policy, anew for each conversation',
    blocked: null,
  };
  return auto ? [router, ...all] : all;
}

const GROUPS = ['On this machine', 'Elsewhere', 'Cannot answer now'];

function entry(model: ModelState, privacy: Privacy): Entry {
  const leaves = privacy === 'local_only' && !model.on_this_machine;
  const blocked = leaves
    ? 'The words of this conversation stay on this machine'
    : model.readiness === 'missing'
      ? stateText(model)
      : null;
  const group = blocked ? GROUPS[2] : model.on_this_machine ? GROUPS[0] : GROUPS[1];
  const sees = model.capabilities.includes('vision') ? ', sees pictures' : '';
  return {
    id: model.id,
    group: group ?? '',
    name: model.name,
    price: model.is_free ? 'free' : priceText(model),
    note: `${model.provider}, ${contextText(model.context_tokens)}${sees}`,
    blocked,
  };
}

function inOrder(a: Entry, b: Entry): number {
  return GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) || a.name.localeCompare(b.name);
}
