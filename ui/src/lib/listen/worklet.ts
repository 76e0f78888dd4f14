// The audio thread of a listening page: plays what waits, and fades where nothing does.

import { speedFor } from './jitter';
import { Ring, type Planes } from './ring';

/** Part of TypeScript's own library nowhere: the scope of an audio worklet. */
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, make: new () => AudioWorkletProcessor): void;

/** To the worklet: sound, and the milliseconds that should wait when more comes. */
export interface Feed {
  planes: Planes;
  targetMs: number;
}

/** From the worklet, ten times a second. */
export interface Told {
  depthMs: number;
  underruns: number;
  playing: boolean;
}

const CAPACITY_SECS = 4;
/** Frames of a fade where the sound ends and begins again. */
const FADE = 256;
/** How fast the mean of what waits follows; one chunk is a tenth of a second. */
const FOLLOW = 0.1;
/** Beyond this much too much, waiting sound is skipped: a speed would take too long. */
const TOO_MUCH_MS = 400;

class Player extends AudioWorkletProcessor {
  readonly #ring = new Ring(Math.round(sampleRate * CAPACITY_SECS));
  #targetMs = 100;
  /** Mean milliseconds that wait when more comes. */
  #floorMs = 0;
  #speed = 1;
  #playing = false;
  #fadedIn = 0;
  #underruns = 0;
  #untold = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<Feed>) => this.#feed(data);
  }

  #feed({ planes, targetMs }: Feed) {
    const before = this.#ms();
    this.#targetMs = targetMs;
    this.#ring.push(planes);
    if (!this.#playing) return;
    this.#floorMs += FOLLOW * (before - this.#floorMs);
    if (before > targetMs + TOO_MUCH_MS) {
      this.#ring.skipTo((targetMs / 1000) * sampleRate + planes[0].length);
      this.#fadedIn = 0;
      this.#floorMs = targetMs;
    }
    this.#speed = speedFor(this.#floorMs, targetMs);
  }

  #ms(): number {
    return (this.#ring.depth / sampleRate) * 1000;
  }

  process(_inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const [left, right] = outputs[0] ?? [];
    if (!left || !right) return true;
    // The sound that came last waits, too: with the target before it, that is when more comes.
    if (!this.#playing && this.#ms() >= this.#targetMs + 100) {
      this.#playing = true;
      this.#fadedIn = 0;
      this.#floorMs = this.#targetMs;
      this.#speed = 1;
    }
    if (this.#playing) this.#play([left, right]);
    this.#untold += left.length;
    if (this.#untold >= sampleRate / 10) {
      this.#untold = 0;
      const told: Told = {
        depthMs: this.#ms(),
        underruns: this.#underruns,
        playing: this.#playing,
      };
      this.port.postMessage(told);
    }
    return true;
  }

  #play(planes: Planes) {
    const wanted = planes[0].length;
    const frames = this.#ring.pull(planes, this.#speed);
    for (let at = 0; at < frames && this.#fadedIn < FADE; at += 1) {
      this.#fadedIn += 1;
      for (const plane of planes) plane[at] = ((plane[at] ?? 0) * this.#fadedIn) / FADE;
    }
    if (frames === wanted) return;
    // What is left fades out.
    for (let at = 0; at < frames; at += 1) {
      const gain = (frames - at) / frames;
      for (const plane of planes) plane[at] = (plane[at] ?? 0) * gain;
    }
    this.#underruns += 1;
    this.#playing = false;
  }
}

registerProcessor('studio-player', Player);
