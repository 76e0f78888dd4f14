// What the next conversation begins with, before it exists, and words that were not sent yet.

import { settings } from '$lib/store/settings.svelte';
import type { Privacy } from '$lib/types';
import type { Attachment } from './attachments';

export interface Unsent {
  text: string;
  attachments: Attachment[];
}

class NewChat {
  /** A model's id; empty: the router picks. */
  model = $state('');
  system = $state('');
  /** The project that pays; empty: none. */
  project = $state('');
  #chosen = $state<Privacy | null>(null);
  readonly privacy: Privacy = $derived(
    this.#chosen ?? (settings.value('models.private') === true ? 'local_only' : 'may_leave'),
  );

  label(privacy: Privacy) {
    this.#chosen = privacy;
  }

  /** As `chat.create` takes it. */
  get wishes() {
    const { model, privacy, system, project } = this;
    return { model: model || null, privacy, system, project: project || null };
  }

  /** The next one begins anew. */
  begun() {
    [this.model, this.system, this.project, this.#chosen] = ['', '', '', null];
  }
}

export const newChat = new NewChat();

/** Words in the box, by conversation: they wait there while another one is read. */
export const unsent = new Map<string, Unsent>();
