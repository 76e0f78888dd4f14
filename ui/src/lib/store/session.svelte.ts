// One open session: its last snapshot, its transport, and the edits that make the next snapshot.

import { UNHEARD } from '../loudness';
import type { Edit, Range, Transport, View } from '../session/types';
import type { HeardLoudness, Input, OperationName, Output } from '../types';
import { Audition } from './audition';
import { coalesced } from './coalesce';
import { call, on, onGap } from './connection';
import { tellSilence } from './playback.svelte';
import { attempt, quietly, toasts } from './toasts.svelte';

type Verb = 'play' | 'pause' | 'seek' | 'loop' | 'record' | 'reset_meter';

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
  /** Of the mix, as far as it was heard since the meter was reset. */
  loudness = $state.raw<HeardLoudness>(UNHEARD);
  /** Of the microphone, while it is recorded. */
  input = $state.raw<[number, number] | null>(null);
  /** What is being recorded: the track, and the sample that it began at. */
  take = $state.raw<{ track: number; from: number } | null>(null);
  #stops: (() => void)[] = [];
  #isClosed = false;
  /** The moment that is listened to; its end stands at its own place. */
  #scrubbed: Promise<unknown> | null = null;
  #asked = 0;
  #known = 0;
  #writes: Promise<unknown> = Promise.resolve();
  #load = coalesced(() => this.#take('session.get', {}));
  readonly audition = new Audition((wish) => this.#call('session.audition', wish));

  constructor(
    readonly project: string,
    readonly id: string,
  ) {}

  /** Reads the session and opens its transport; a missing device is told and does not hinder editing. */
  async open(): Promise<void> {
    this.failure = null;
    this.#stops.forEach((stop) => stop());
    this.#stops = [
      onGap(() => void quietly(this.#load(), this)),
      on('session.changed', ({ session }) => {
        if (session === this.id) void quietly(this.#load(), this);
      }),
      on('session.clock', (clock) => {
        if (clock.session !== this.id) return;
        if (this.#scrubbed) return;
        this.at = clock.at;
        this.playing = clock.playing;
        // The clock that tells of the stop still has the last sound: meters would stand at it.
        const heard = clock.playing ? clock.tracks : [];
        this.levels = new Map(heard.map(({ track, peak }) => [track, peak]));
        this.mix = clock.playing ? clock.mix : [0, 0];
        this.input = clock.input;
      }),
      on('session.recording_broke', ({ session }) => {
        if (session !== this.id || !this.take) return;
        toasts.error('The recording ended by itself. What came until then is kept.', this);
        void this.stopRecording();
      }),
      on('session.loudness', ({ session, loudness }) => {
        if (session === this.id) this.loudness = loudness;
      }),
    ];
    try {
      await this.#load();
    } catch (thrown) {
      this.failure = thrown;
      return;
    }
    if (this.#isClosed) return;
    this.#hear(await attempt(this.#call('session.open', {}), this));
    if (this.#isClosed) await this.close();
  }

  /** A take that is under way is ended and kept. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stops.forEach((stop) => stop());
    this.#stops = [];
    toasts.closeAbout(this);
    if (this.take) await attempt(this.#call('session.stop_recording', {}));
    if (this.transport) await this.#call('session.close', {}).catch(() => null);
    this.transport = null;
    this.playing = false;
  }

  /** One step of the history. `false`: refused, and the error was shown. */
  edit(edits: Edit[]): Promise<boolean> {
    return this.#write('session.edit', { edits });
  }

  async undo(): Promise<boolean> {
    return (this.view?.can_undo ?? false) && this.#write('session.undo', {});
  }

  async redo(): Promise<boolean> {
    return (this.view?.can_redo ?? false) && this.#write('session.redo', {});
  }

  toggle(): Promise<void> {
    if (this.take) return this.stopRecording();
    return this.playing ? this.pause() : this.play();
  }

  play(from?: number): Promise<void> {
    if (this.transport?.audible === false) tellSilence();
    return this.#drive('play', from === undefined ? {} : { from });
  }

  pause(): Promise<void> {
    return this.#drive('pause', {});
  }

  async seek(at: number): Promise<void> {
    const to = Math.max(0, Math.round(at));
    this.at = to;
    await this.#scrubbed;
    await this.#drive('seek', { at: to });
  }

  loop(range: Range | null): Promise<void> {
    return this.#drive('loop', range ?? {});
  }

  resetMeter(): Promise<void> {
    return this.#drive('reset_meter', {});
  }

  /** Plays a grain at the place; while one is asked for, others are left out. */
  scrub(at: number): void {
    this.at = Math.max(0, Math.round(at));
    if (this.#scrubbed) return;
    const heard = attempt(this.#call('session.scrub', { at: this.at }), this);
    this.#scrubbed = heard.finally(() => (this.#scrubbed = null));
  }

  record(track: number): Promise<void> {
    return this.#drive('record', { track, at: this.at });
  }

  async stopRecording(): Promise<void> {
    await this.#write('session.stop_recording', {});
    this.#hear(await attempt(this.#call('session.status', {}), this));
  }

  async #drive<V extends Verb>(verb: V, wish: object): Promise<void> {
    this.#hear(await attempt(this.#call(`session.${verb}`, wish), this));
  }

  #hear(transport: Transport | null) {
    if (!transport) return;
    this.transport = transport;
    this.loudness = transport.loudness;
    const { recording: track } = transport;
    if (track === null) this.take = null;
    else if (this.take?.track !== track) this.take = { track, from: this.at };
    this.playing = transport.playing;
    if (!transport.playing) this.at = transport.at;
  }

  /** Changes go one after the other, so that each meets the session as the one before left it. */
  #write(
    name: 'session.edit' | 'session.undo' | 'session.redo' | 'session.stop_recording',
    wish: object,
  ) {
    const written = this.#writes.then(async () => {
      const done = await attempt(
        this.#take(name, wish).then(() => true),
        this,
      );
      return done ?? false;
    });
    this.#writes = written;
    return written;
  }

  /** Answers may overtake each other: that of the latest question stays. */
  async #take(name: OperationName & `session.${string}`, wish: object): Promise<void> {
    const asked = ++this.#asked;
    const view = (await this.#call(name, wish)) as View;
    if (asked < this.#known) return;
    this.#known = asked;
    this.view = view;
  }

  #call<N extends OperationName & `session.${string}`>(name: N, wish: object): Promise<Output<N>> {
    return call(name, { project: this.project, session: this.id, ...wish } as Input<N>);
  }
}
