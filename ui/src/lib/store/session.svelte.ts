// One open session: its last snapshot, its transport, and the edits that make the next snapshot.

import type { Edit, Range, Transport, View } from '../session/types';
import type { Input, OperationName, Output } from '../types';
import { coalesced } from './coalesce';
import { call, on } from './connection';
import { attempt, quietly } from './toasts.svelte';

type Verb = 'play' | 'pause' | 'seek' | 'loop' | 'scrub' | 'record';

export class SessionStore {
  view = $state.raw<View | null>(null);
  /** Why it could not be read. */
  failure = $state.raw<unknown>(null);
  transport = $state.raw<Transport | null>(null);
  at = $state(0);
  playing = $state(false);
  /** Peaks by track, linear; new with each clock. */
  levels = $state.raw<Map<number, [number, number]>>(new Map());
  mix = $state.raw<[number, number]>([0, 0]);
  #stops: (() => void)[] = [];
  #scrubbing = false;
  #load = coalesced(async () => this.#know(await this.#call('session.get', {})));

  constructor(
    readonly project: string,
    readonly id: string,
  ) {}

  /** Reads the session and opens its transport; a missing device is told and does not hinder editing. */
  async open(): Promise<void> {
    this.#stops = [
      on('session.changed', ({ session }) => {
        if (session === this.id) void quietly(this.#load());
      }),
      on('session.clock', (clock) => {
        if (clock.session !== this.id) return;
        this.at = clock.at;
        this.playing = clock.playing;
        this.levels = new Map(clock.tracks.map(({ track, peak }) => [track, peak]));
        this.mix = clock.mix;
      }),
    ];
    try {
      await this.#load();
    } catch (thrown) {
      this.failure = thrown;
      return;
    }
    this.#hear(await attempt(this.#call('session.open', {})));
  }

  async close(): Promise<void> {
    this.#stops.forEach((stop) => stop());
    this.#stops = [];
    if (this.transport) await this.#call('session.close', {}).catch(() => null);
    this.transport = null;
    this.playing = false;
  }

  /** One step of the history. `false`: refused, and the error was shown. */
  edit(edits: Edit[]): Promise<boolean> {
    return this.#change(this.#call('session.edit', { edits }));
  }

  async undo(): Promise<boolean> {
    return (this.view?.can_undo ?? false) && this.#change(this.#call('session.undo', {}));
  }

  async redo(): Promise<boolean> {
    return (this.view?.can_redo ?? false) && this.#change(this.#call('session.redo', {}));
  }

  toggle(): Promise<void> {
    return this.playing ? this.pause() : this.play();
  }

  play(from?: number): Promise<void> {
    return this.#drive('play', from === undefined ? {} : { from });
  }

  pause(): Promise<void> {
    return this.#drive('pause', {});
  }

  seek(at: number): Promise<void> {
    this.at = Math.max(0, Math.round(at));
    return this.#drive('seek', { at: this.at });
  }

  loop(range: Range | null): Promise<void> {
    return this.#drive('loop', range ?? {});
  }

  /** Plays a grain at the place; while one is asked for, others are left out. */
  scrub(at: number): void {
    this.at = Math.max(0, Math.round(at));
    if (this.#scrubbing) return;
    this.#scrubbing = true;
    void this.#drive('scrub', { at: this.at }).finally(() => (this.#scrubbing = false));
  }

  record(track: number): Promise<void> {
    return this.#drive('record', { track, at: this.at });
  }

  async stopRecording(): Promise<void> {
    await this.#change(this.#call('session.stop_recording', {}));
    this.#hear(await attempt(this.#call('session.status', {})));
  }

  async #drive<V extends Verb>(verb: V, wish: object): Promise<void> {
    this.#hear(await attempt(this.#call(`session.${verb}`, wish)));
  }

  #hear(transport: Transport | null) {
    if (!transport) return;
    this.transport = transport;
    this.playing = transport.playing;
    if (!transport.playing) this.at = transport.at;
  }

  async #change(work: Promise<View>): Promise<boolean> {
    const view = await attempt(work);
    if (view) this.#know(view);
    return view !== null;
  }

  /** Answers may overtake each other; the newest revision stays. */
  #know(view: View) {
    if (!this.view || view.revision >= this.view.revision) this.view = view;
  }

  #call<N extends OperationName & `session.${string}`>(name: N, wish: object): Promise<Output<N>> {
    return call(name, { project: this.project, session: this.id, ...wish } as Input<N>);
  }
}
