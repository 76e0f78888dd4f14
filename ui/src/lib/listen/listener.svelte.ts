// Listening in a browser: the studio's stream through an audio worklet. One listener per page.

import { follow, type Heard } from '../draw/roll';
import type { Score } from '../store/ambient.svelte';
import { Jitter, pause } from './jitter';
import { readFrame, readMessage, type Chunk, type Place } from './messages';
import { SleepTimer } from './sleep';
import { missing, openSound, type Sound } from './sound';
import type { Feed, Told } from './worklet';

export type Listening =
  'silent' | 'connecting' | 'buffering' | 'playing' | 'reconnecting' | 'failed';

/** Seconds that the volume follows its slider in. */
const GLIDE_SECS = 0.05;
/** Audio as bytes, three quarters of the size of text. */
const BINARY = 'studio.pcm.v1';
class Listener {
  state = $state<Listening>('silent');
  /** What went wrong, in words. */
  problem = $state('');
  /** Milliseconds of sound that wait, and that should. */
  depthMs = $state(0);
  targetMs = $state(0);
  /** From the studio's clock to the ear, where both clocks are of one machine. */
  latencyMs = $state(0);
  underruns = $state(0);
  /** Where the music is; `null` until it is told. */
  place = $state.raw<Place | null>(null);
  startedAt = $state(0);
  /** The bars that come. */
  heard = $state.raw<Heard | null>(null);
  /** For a picture of the sound; `null` while nothing is heard. */
  analyser = $state.raw<AnalyserNode | null>(null);

  /** Until the sleep timer stops it; `null` without one. */
  stopsInSecs = $state<number | null>(null);

  #address = '';
  #score: Score | null = null;
  #sound: Sound | null = null;
  #socket: WebSocket | null = null;
  #jitter = new Jitter();
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #sleep = new SleepTimer();
  /** 1, less while the sleep timer fades. */
  #fade = 1;
  #volume = 1;

  get on(): boolean {
    return this.state !== 'silent' && this.state !== 'failed';
  }

  /** Must be called by a click: browsers begin no sound without. */
  async start(address: string, score: Score, volume: number) {
    const lacks = missing();
    if (lacks) {
      this.#fail(`This browser cannot play the stream: it has no ${lacks}.`);
      return;
    }
    this.#address = address;
    this.#score = score;
    this.state = 'connecting';
    this.problem = '';
    this.underruns = 0;
    this.startedAt = Date.now();
    this.#volume = volume;
    try {
      this.#sound = await openSound(volume, (told) => this.#hear(told));
    } catch (error) {
      this.#fail(`The browser opens no sound: ${String(error)}`);
      return;
    }
    // It was stopped meanwhile.
    if (!this.on) return this.#close();
    this.analyser = this.#sound.analyser;
    this.#connect();
  }

  stop() {
    this.state = 'silent';
    this.#close();
  }

  /** A change of the score is heard at the next musical boundary, one of the volume at once. */
  set(score: Score, volume: number) {
    this.#score = score;
    this.#volume = volume;
    this.#level(GLIDE_SECS);
    this.#tell();
  }

  /** Stops after so many seconds, fading out; 0 plays on. */
  stopAfter(secs: number) {
    this.#sleep.stop();
    this.#fade = 1;
    this.#level(GLIDE_SECS);
    this.stopsInSecs = secs || null;
    if (secs === 0) return;
    this.#sleep.start(secs, (left, gain) => {
      if (left === 0) return this.stop();
      this.stopsInSecs = left;
      this.#fade = gain;
      this.#level(1);
    });
  }

  #level(secs: number) {
    const { context, gain } = this.#sound ?? {};
    if (context) gain?.gain.setTargetAtTime(this.#volume * this.#fade, context.currentTime, secs);
  }

  #connect() {
    const socket = new WebSocket(this.#address, BINARY);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#jitter.reset();
    socket.onopen = () => {
      this.#tries = 0;
      if (this.state !== 'playing') this.state = 'buffering';
      socket.send(JSON.stringify({ type: 'watch' }));
      this.#tell();
    };
    socket.onmessage = ({ data }: MessageEvent<ArrayBuffer | string>) => {
      if (typeof data === 'string') return this.#read(data);
      const chunk = readFrame(data);
      if (chunk) this.#feed(chunk);
    };
    socket.onclose = ({ code, reason }) => {
      if (!this.on || socket !== this.#socket) return;
      // 1008: the studio does not want this listener, and will not in a moment either.
      if (code === 1008) return this.#fail(reason || 'The studio refuses to play here.');
      this.state = 'reconnecting';
      this.#retry = setTimeout(() => this.#connect(), pause(this.#tries, Math.random()));
      this.#tries += 1;
    };
  }

  #read(text: string) {
    const message = readMessage(text);
    if (message?.type === 'audio') this.#feed(message.chunk);
    if (message?.type === 'status' && message.place) this.place = message.place;
    if (message?.type === 'ahead') {
      // What was just made is heard when all that waits has been.
      this.heard = follow(this.heard, message.coming, performance.now() + this.depthMs);
    }
    if (message?.type === 'error') {
      this.problem = message.message;
      if (!message.recoverable) this.#fail(message.message);
    }
  }

  #feed(chunk: Chunk) {
    this.#jitter.came(chunk.timestamp, performance.timeOrigin + performance.now());
    this.targetMs = this.#jitter.target;
    const feed: Feed = { planes: chunk.planes, targetMs: this.targetMs };
    const { context, player } = this.#sound ?? {};
    player?.port.postMessage(
      feed,
      feed.planes.map((plane) => plane.buffer),
    );
    const waits = this.depthMs + (context?.outputLatency ?? 0) * 1000;
    this.latencyMs = Math.max(0, Date.now() - chunk.timestamp) + waits;
  }

  #hear({ depthMs, underruns, playing }: Told) {
    this.depthMs = depthMs;
    this.underruns = underruns;
    if (this.state === 'buffering' && playing) this.state = 'playing';
    if (this.state === 'playing' && !playing) this.state = 'buffering';
  }

  #tell() {
    if (this.#socket?.readyState !== WebSocket.OPEN || !this.#score) return;
    this.#socket.send(JSON.stringify({ type: 'update_params', ...this.#score }));
  }

  #fail(problem: string) {
    this.state = 'failed';
    this.problem = problem;
    this.#close();
  }

  #close() {
    clearTimeout(this.#retry);
    this.#sleep.stop();
    this.#fade = 1;
    this.stopsInSecs = null;
    this.#socket?.close();
    this.#socket = null;
    this.analyser = null;
    this.place = null;
    this.heard = null;
    void this.#sound?.context.close();
    this.#sound = null;
  }
}

export const listener = new Listener();
