// One open player of the studio: its clock, and the frames that the clock asks for.

import { StudioError } from '../error';
import { UNHEARD } from '../loudness';
import { frameAt, secondsAt } from '../timeline';
import type { HeardLoudness, Input, PlayerInfo } from '../types';
import { call, callBytes, on } from './connection';
import { attempt, toasts } from './toasts.svelte';

/** A decoded picture, RGBA8. */
export interface Picture {
  width: number;
  height: number;
  frame: number;
  pixels: ImageData;
}

const HEADER_BYTES = 16;

export class Playback {
  info = $state.raw<PlayerInfo | null>(null);
  frame = $state(0);
  playing = $state(false);
  volume = $state(1);
  /** As far as it was heard since the meter was reset. */
  loudness = $state.raw<HeardLoudness>(UNHEARD);
  /** Called with each picture that arrives, the newest last. */
  onPicture: ((picture: Picture) => void) | null = null;
  #widthPx = 0;
  #fetching = false;
  #wanted: number | null = null;
  #seeking: number | null = null;
  #stops: (() => void)[] = [];

  get seconds(): number {
    return this.info ? secondsAt(this.frame, this.info.frame_rate) : 0;
  }

  async open(source: Input<'player.open'>): Promise<boolean> {
    await this.close();
    const info = await attempt(call('player.open', source));
    if (!info) return false;
    this.info = info;
    this.frame = 0;
    this.loudness = UNHEARD;
    if (info.audio && !info.audible) tellSilence();
    this.#stops = [
      on('player.clock', (event) => {
        if (event.player !== info.player) return;
        this.playing = event.playing;
        if (this.#seeking === null) this.#show(event.frame);
      }),
      on('player.loudness', (event) => {
        if (event.player === info.player) this.loudness = event.loudness;
      }),
      on('player.ended', (event) => {
        if (event.player === info.player) this.playing = false;
      }),
    ];
    this.#want(0);
    return true;
  }

  async close() {
    const info = this.info;
    this.info = null;
    this.playing = false;
    this.#stops.forEach((stop) => stop());
    this.#stops = [];
    if (info) await call('player.close', { player: info.player }).catch(() => null);
  }

  async toggle() {
    const { info } = this;
    if (!info) return;
    const verb = this.playing ? 'pause' : 'play';
    if (verb === 'play' && this.frame >= info.frames - 1) await this.seek(0);
    const asked = call(`player.${verb}`, { player: info.player }).then(() => true);
    if (await attempt(asked)) this.playing = verb === 'play';
  }

  seekSeconds(seconds: number) {
    const { info } = this;
    if (info) void this.seek(frameAt(seconds, info.frame_rate, info.frames));
  }

  step(frames: number) {
    if (this.info) void this.seek(this.frame + frames);
  }

  /** Shows the frame at once; while one seek is under way only the latest wish is kept. */
  async seek(frame: number) {
    const { info } = this;
    if (!info) return;
    this.#show(Math.max(0, Math.min(info.frames - 1, frame)));
    if (this.#seeking !== null) {
      this.#seeking = this.frame;
      return;
    }
    for (let sent = -1; sent !== this.frame && this.info === info;) {
      sent = this.#seeking = this.frame;
      await attempt(call('player.seek', { player: info.player, frame: sent }));
    }
    this.#seeking = null;
  }

  setVolume(volume: number) {
    this.volume = volume;
    if (this.info) void attempt(call('player.volume', { player: this.info.player, volume }));
  }

  async resetMeter() {
    const { info } = this;
    if (!info) return;
    const status = await attempt(call('player.reset_meter', { player: info.player }));
    if (status && this.info === info) this.loudness = status.loudness;
  }

  /** Width of the canvas in device pixels: pictures are asked for in this size. */
  setWidth(px: number) {
    if (Math.abs(px - this.#widthPx) < 2) return;
    this.#widthPx = px;
    this.#want(this.frame);
  }

  #show(frame: number) {
    this.frame = frame;
    this.#want(frame);
  }

  #want(frame: number) {
    this.#wanted = frame;
    if (!this.#fetching) void this.#fetch();
  }

  async #fetch() {
    this.#fetching = true;
    while (this.#wanted !== null && this.info && this.info.width > 0 && this.#widthPx > 0) {
      const frame = this.#wanted;
      this.#wanted = null;
      const width = Math.min(this.#widthPx, this.info.width);
      try {
        const bytes = await callBytes('player.frame', { player: this.info.player, frame, width });
        this.onPicture?.(parsePicture(bytes));
      } catch (thrown) {
        if (this.info) toasts.error(thrown);
        break;
      }
    }
    this.#fetching = false;
  }
}

let silenceTold = false;

/** Said once: it stays true for every player until a device is there. */
export function tellSilence() {
  if (silenceTold) return;
  silenceTold = true;
  toasts.error(
    new StudioError({
      code: 'no_device',
      message: 'There is no sound device, so this plays silently.',
      hint: 'Connect one, or choose one in the settings.',
    }),
  );
}

export function parsePicture(bytes: ArrayBuffer): Picture {
  const view = new DataView(bytes);
  const [width, height] = [view.getUint32(0, true), view.getUint32(4, true)];
  if (bytes.byteLength < HEADER_BYTES + width * height * 4) {
    throw new StudioError({ code: 'internal', message: 'A picture arrived incomplete.' });
  }
  const rgba = new Uint8ClampedArray(bytes, HEADER_BYTES, width * height * 4);
  const frame = Number(view.getBigUint64(8, true));
  return { width, height, frame, pixels: new ImageData(rgba, width, height) };
}
