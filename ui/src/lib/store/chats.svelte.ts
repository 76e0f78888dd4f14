// Conversations: the list, the one that is open, and the answers in the making.

import { toStudioError, type StudioError } from '../error';
import { router } from './route.svelte';
import type { Chat, Conversation, Draft, Input } from '../types';
import { coalesced } from './coalesce';
import { call, on, onGap } from './connection';
import { attempt, quietly } from './toasts.svelte';

type Images = Input<'chat.send'>['images'];

export interface Words {
  text: string;
  images: NonNullable<Images>;
  /** The message that they follow: an earlier one begins a new branch, empty is the beginning. */
  after?: string;
}

class Chats {
  list = $state.raw<Conversation[]>([]);
  ready = $state(false);
  current = $state.raw<Chat | null>(null);
  draft = $state.raw<Draft | null>(null);
  /** A message to scroll to, from a search. */
  sought = $state<string | null>(null);
  #open = $state<string | null>(null);
  /** Conversations whose last words are being answered because this window asked. */
  #going = $state.raw<ReadonlySet<string>>(new Set());
  #failures = $state.raw<ReadonlyMap<string, StudioError>>(new Map());

  readonly sending = $derived(this.#open !== null && this.#going.has(this.#open));
  /** A conversation was opened and is being read. */
  readonly loading = $derived(this.#open !== null && this.current?.conversation.id !== this.#open);
  readonly busy = $derived(this.sending || this.draft !== null);
  /** Why the last words of the open conversation were not answered. */
  readonly failure = $derived(this.#open ? (this.#failures.get(this.#open) ?? null) : null);

  readonly load = coalesced(async () => {
    this.list = (await call('chat.list', { limit: 1000 })).conversations;
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

  /** Shows a conversation; `null` is an empty one that is not kept yet. */
  async open(id: string | null) {
    if (id === this.#open && this.current?.conversation.id === id) return;
    this.#open = id;
    this.draft = null;
    this.current = null;
    if (id !== null) await attempt(this.#reload());
  }

  /** Opens the branch in which a message stands, and has it scrolled to. */
  async reveal(id: string, message: string) {
    router.go({ page: 'chat', chat: id });
    await this.open(id);
    const shown = this.current?.messages.some((each) => each.id === message);
    if (!shown) await this.choose(message);
    this.sought = message;
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

  /** Whether the words were kept; who answered, or why nobody did, is told by the conversation. */
  async send(words: Words, settings: Input<'chat.create'>): Promise<boolean> {
    let id = this.#open;
    if (!id) {
      const made = await attempt(call('chat.create', settings));
      if (!made) return false;
      id = made.id;
      router.go({ page: 'chat', chat: id });
      await this.open(id);
    }
    await this.#answer(id, call('chat.send', { conversation: id, ...words }));
    return true;
  }

  async regenerate(message: string, model?: string) {
    const id = this.#open;
    if (!id) return;
    const wish = model ? { model } : {};
    await this.#answer(id, call('chat.regenerate', { conversation: id, message, ...wish }));
  }

  async stop() {
    if (this.#open) await attempt(call('chat.stop', { conversation: this.#open }));
  }

  async update(change: Omit<Input<'chat.update'>, 'conversation'>, id = this.#open) {
    if (id) await attempt(call('chat.update', { conversation: id, ...change }));
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

  async #answer(id: string, work: Promise<unknown>): Promise<void> {
    this.#going = new Set(this.#going).add(id);
    this.#failed(id, null);
    try {
      await work;
    } catch (thrown) {
      const error = toStudioError(thrown);
      if (error.code !== 'cancelled') this.#failed(id, error);
    } finally {
      const going = new Set(this.#going);
      going.delete(id);
      this.#going = going;
      // The draft stays until the message is there: nothing moves when one becomes the other.
      if (id === this.#open) {
        await quietly(this.#reload());
        if (id === this.#open && !this.current?.draft) this.draft = null;
      }
    }
  }

  #failed(id: string, error: StudioError | null) {
    const failures = new Map(this.#failures);
    if (error) failures.set(id, error);
    else failures.delete(id);
    this.#failures = failures;
  }
}

export const chats = new Chats();
