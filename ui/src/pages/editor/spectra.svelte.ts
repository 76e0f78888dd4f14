// Pictures of spectra, piece by piece as the view asks for them.

import { BANDS, COLUMNS, parseLevels, pixelsOf, spanOf, type Piece } from '$lib/session/spectra';
import { callBytes } from '$lib/store/connection';
import { library } from '$lib/store/library.svelte';
import type { Asset } from '$lib/types';

/** Pictures that are kept: about 75 kB each. */
const KEPT = 400;
/** Pieces that are asked for at a time: each makes the studio read a stretch of the sound. */
const AT_ONCE = 2;

export class Spectra {
  /** Grows when a picture arrives. */
  version = $state(0);
  #pictures = new Map<string, CanvasImageSource | null>();
  #wanted = new Map<string, () => Promise<void>>();
  #running = 0;

  constructor(readonly project: string) {}

  /** Before a view is drawn: what the last one still waited for is not needed any more. */
  forget(): void {
    this.#wanted.clear();
  }

  /** The picture of a piece, once it is there. */
  of(asset: Asset, piece: Piece): CanvasImageSource | null {
    const key = `${asset.id} ${piece.step} ${piece.index}`;
    const found = this.#pictures.get(key);
    if (found !== undefined) return found;
    this.#wanted.set(key, () => this.#read(key, asset, piece));
    this.#pump();
    return null;
  }

  asset(source: string): Asset | undefined {
    return library.assets(this.project)?.find(({ id }) => id === source);
  }

  #pump(): void {
    for (const [key, read] of this.#wanted) {
      if (this.#running >= AT_ONCE) return;
      this.#wanted.delete(key);
      this.#running += 1;
      void read().finally(() => {
        this.#running -= 1;
        this.#pump();
      });
    }
  }

  async #read(key: string, asset: Asset, piece: Piece): Promise<void> {
    if (this.#pictures.has(key)) return;
    const rate = asset.audio?.sample_rate ?? 48_000;
    const { from, to } = spanOf(piece);
    const wish = {
      ...{ project: this.project, asset: asset.id, columns: COLUMNS, bands: BANDS },
      ...{ from_secs: from / rate, to_secs: to / rate, to_hz: Math.min(20_000, rate / 2) },
    };
    try {
      this.#keep(key, picture(await callBytes('audio.spectrogram', wish)));
      this.version += 1;
    } catch {
      // Not asked for again: the session tells which sources cannot be read.
      this.#keep(key, null);
    }
  }

  #keep(key: string, picture: CanvasImageSource | null): void {
    this.#pictures.set(key, picture);
    const oldest = this.#pictures.keys().next().value;
    if (this.#pictures.size > KEPT && oldest !== undefined) this.#pictures.delete(oldest);
  }
}

function picture(bytes: ArrayBuffer): CanvasImageSource {
  const levels = parseLevels(bytes);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [levels.columns, levels.bands];
  const image = new ImageData(pixelsOf(levels), levels.columns, levels.bands);
  canvas.getContext('2d')?.putImageData(image, 0, 0);
  return canvas;
}
