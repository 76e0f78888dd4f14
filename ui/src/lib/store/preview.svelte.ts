// A sound played through effects that change while it plays.

import { sentences } from '../error';
import type { Chain, Input } from '../types';
import { coalesced } from './coalesce';
import { call } from './connection';
import { Playback } from './playback.svelte';

type Wish = Omit<Input<'player.chain'>, 'player' | 'preset'>;

export class Preview {
  readonly playback = new Playback();
  /** Whether the sound is heard as it came. */
  bypass = $state(false);
  /** By how much the effects are late; the player makes up for it. */
  latencyMs = $state(0);
  /** Why what is set cannot be heard. */
  error = $state<string | null>(null);
  #wish: Wish = {};
  #send = coalesced(() => this.#sendNow());

  async open(source: { project: string; asset: string }, chain: Chain): Promise<boolean> {
    this.#wish = {};
    if (!(await this.playback.open({ ...source, chain }))) return false;
    // An empty change: it tells how late the effects are.
    void this.#send();
    return true;
  }

  close() {
    return this.playback.close();
  }

  setChain(chain: Chain) {
    this.#change({ chain });
  }

  setBypass(bypass: boolean) {
    this.bypass = bypass;
    this.#change({ bypass });
  }

  setCutTail(cut_tail: boolean) {
    this.#change({ cut_tail });
  }

  #change(wish: Wish) {
    Object.assign(this.#wish, wish);
    if (this.playback.info) void this.#send();
  }

  /** While one change is under way, only the latest wish is kept. */
  async #sendNow() {
    const { info } = this.playback;
    if (!info) return;
    const wish = this.#wish;
    this.#wish = {};
    try {
      const told = await call('player.chain', { player: info.player, ...wish });
      this.latencyMs = told.latency_ms;
      this.error = null;
    } catch (thrown) {
      if (this.playback.info === info) this.error = sentences(thrown);
    }
  }
}
