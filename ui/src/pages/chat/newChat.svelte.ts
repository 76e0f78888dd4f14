// What the next conversation begins with, before it exists.

import { settings } from '$lib/store/settings.svelte';

class NewChat {
  /** A model's id; empty: the router picks. */
  model = $state('');
  #chosen = $state<'local_only' | 'may_leave' | null>(null);
  readonly privacy = $derived(
    this.#chosen ?? (settings.value('models.private') === true ? 'local_only' : 'may_leave'),
  );

  label(privacy: 'local_only' | 'may_leave') {
    this.#chosen = privacy;
  }
}

export const newChat = new NewChat();
