// Conversations: the list, the one that is open, and the answer in the making.

import { router } from './route.svelte';
import type { Chat, Conversation, Draft, Input } from '../types';
import { coalesced } from './coalesce';
import { call, on, onGap } from './connection';
import { attempt, quietly, toasts } from './toasts.svelte';

class Chats {
  list = $state.raw<Conversation[]>([]);
  ready = $state(false);
  current = $state.raw<Chat | null>(null);
  draft = $state.raw<Draft | null>(null);
  /** The words that were sent and are not answered yet. */
  sending = $state(false);
  readonly load = coalesced(async () => {
    this.list = (await call('chat.list', { limit: 200 })).conversations;
    this.ready = true;
  });

  start() {
    on('chat.changed', ({ conversation }) => {
      void quietly(this.load());
      if (conversation === this.#open) void quietly(this.#reload());
    });
    on('chat.draft', ({ conversation, draft }) => {
      if (conversation === this.#open) this.draft = draft;
    });
    onGap(() => {
      void quietly(this.load());
      if (this.#open) void quietly(this.#reload());
    });
  }

  #open: string | null = null;

  /** Shows a conversation; `null` is an empty one that is not kept yet. */
  async open(id: string | null) {
    if (id === this.#open && this.current?.conversation.id === id) return;
    this.#open = id;
    this.draft = null;
    if (id === null) this.current = null;
    else await attempt(this.#reload());
  }

  async #reload() {
    const id = this.#open;
    if (!id) return;
    try {
      const chat = await call('chat.show', { conversation: id });
      if (id !== this.#open) return;
      this.current = chat;
      this.draft = chat.draft;
    } catch (thrown) {
      if (id !== this.#open) return;
      router.go({ page: 'chat', chat: null });
      throw thrown;
    }
  }

  async send(
    text: string,
    images: { media_type: string; data: string }[],
    settings: Input<'chat.create'>,
    after?: string | null,
  ): Promise<boolean> {
    let id = this.#open;
    if (!id) {
      const made = await attempt(call('chat.create', settings));
      if (!made) return false;
      id = made.id;
      router.go({ page: 'chat', chat: id });
      await this.open(id);
    }
    const input = { conversation: id, text, images, ...(after === undefined ? {} : { after }) };
    return this.#answer(call('chat.send', input));
  }

  async regenerate(message: string) {
    if (this.#open)
      await this.#answer(call('chat.regenerate', { conversation: this.#open, message }));
  }

  async stop() {
    if (this.#open) await attempt(call('chat.stop', { conversation: this.#open }));
  }

  async update(change: Omit<Input<'chat.update'>, 'conversation'>) {
    if (this.#open) await attempt(call('chat.update', { conversation: this.#open, ...change }));
  }

  async choose(message: string) {
    if (this.#open)
      await attempt(call('chat.choose_branch', { conversation: this.#open, message }));
  }

  async remove(id: string) {
    if (!(await attempt(call('chat.delete', { conversation: id })))) return;
    if (id === this.#open) router.go({ page: 'chat', chat: null });
    await quietly(this.load());
  }

  async #answer(work: Promise<unknown>): Promise<boolean> {
    this.sending = true;
    try {
      await work;
      return true;
    } catch (thrown) {
      toasts.error(thrown);
      return false;
    } finally {
      this.sending = false;
      this.draft = null;
      await quietly(this.#reload());
    }
  }
}

export const chats = new Chats();
