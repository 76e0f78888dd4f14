// The live score: its status as told, and one change at a time.

import type { AmbientStatus, Mode } from '../types';
import { call, on, onGap } from './connection';
import { attempt, quietly } from './toasts.svelte';

export interface Score {
  key: string;
  mode: Mode;
  bpm: number;
  intensity: number;
}

type Change = Partial<Score & { volume: number; stop_after_secs: number }>;

class Ambient {
  status = $state.raw<AmbientStatus | null>(null);
  #waiting: Change | null = null;
  #sending = false;

  start() {
    on('ambient.changed', ({ status }) => (this.status = status));
    onGap(() => void quietly(this.load()));
  }

  async load() {
    this.status = await call('ambient.status', {});
  }

  async toggle() {
    const now = this.status;
    if (!now) return;
    if (now.playing) {
      this.status = (await attempt(call('ambient.stop', {}))) ?? this.status;
      return;
    }
    const { key, mode, bpm, intensity, volume } = now;
    this.status =
      (await attempt(call('ambient.play', { key, mode, bpm, intensity, volume }))) ?? this.status;
  }

  /**
   * Shows the change at once and sends the latest one when the one before has arrived. While nothing
   * plays it is kept for the next start.
   */
  set(change: Change) {
    if (!this.status) return;
    this.status = { ...this.status, ...change };
    if (!this.status.playing) return;
    this.#waiting = { ...this.#waiting, ...change };
    if (!this.#sending) void this.#send();
  }

  async #send() {
    this.#sending = true;
    while (this.#waiting) {
      const change = this.#waiting;
      this.#waiting = null;
      const told = await attempt(call('ambient.set', change));
      if (told && !this.#waiting) this.status = told;
    }
    this.#sending = false;
  }
}

export const ambient = new Ambient();
