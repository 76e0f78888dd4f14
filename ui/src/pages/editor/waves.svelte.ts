// What a session's clips are drawn from: peaks of whole sounds, and from near samples of a stretch; both
// are read as the zoom asks for them.

import type { Peaks } from '$lib/peaks';
import { bestLevel, levelFor, stretchAt, STRETCH_FRAMES } from '$lib/session/waves';
import { library } from '$lib/store/library.svelte';
import { peaksOf, samplesOf } from '$lib/store/peaks';
import type { Asset } from '$lib/types';

/** Peaks, and the sample of the sound that they begin at. */
export interface Wave {
  peaks: Peaks;
  origin: number;
}

/** Stretches of samples that are kept: a screen of tracks and then some. */
const KEPT = 40;

export class Waves {
  /** Grows when something arrives: what is drawn from it is then drawn anew. */
  version = $state(0);
  #levels = new Map<string, Map<number, Wave>>();
  #stretches = new Map<string, Wave>();
  #asked = new Set<string>();

  constructor(readonly project: string) {}

  /**
   * The best at hand for a sound from a sample on, both at a session's rate; what is better is asked for
   * and told by `version`.
   */
  of(source: string, from: number, samplesPerPx: number, rate: number): Wave | null {
    const asset = library.assets(this.project)?.find(({ id }) => id === source);
    if (!asset?.audio) return null;
    const scale = asset.audio.sample_rate / rate;
    const stretch = stretchAt(from * scale, samplesPerPx * scale);
    const near = stretch === null ? null : this.#stretch(asset, stretch);
    return near ?? this.#level(asset, levelFor(samplesPerPx * scale));
  }

  #stretch(asset: Asset, from: number): Wave | null {
    const key = `${asset.id} from ${from}`;
    const found = this.#stretches.get(key);
    if (found) return found;
    this.#ask(
      key,
      () => samplesOf(this.project, asset, from, STRETCH_FRAMES),
      (peaks) => {
        this.#stretches.set(key, { peaks, origin: from });
        const oldest = this.#stretches.keys().next().value;
        if (this.#stretches.size <= KEPT || oldest === undefined) return;
        this.#stretches.delete(oldest);
        this.#asked.delete(oldest);
      },
    );
    return null;
  }

  #level(asset: Asset, wanted: number): Wave | null {
    const levels = this.#levels.get(asset.id) ?? new Map<number, Wave>();
    this.#levels.set(asset.id, levels);
    const found = levels.get(wanted);
    if (found) return found;
    const columns = Math.floor((asset.audio?.frames ?? 0) / wanted);
    this.#ask(
      `${asset.id} ${wanted}`,
      () => peaksOf(this.project, asset, columns),
      (peaks) => levels.set(wanted, { peaks, origin: 0 }),
    );
    const best = bestLevel(wanted, levels.keys());
    return best === null ? null : (levels.get(best) ?? null);
  }

  #ask(key: string, ask: () => Promise<Peaks>, keep: (peaks: Peaks) => void): void {
    if (this.#asked.has(key)) return;
    this.#asked.add(key);
    void ask().then(
      (peaks) => {
        keep(peaks);
        this.version += 1;
      },
      // What cannot be read is drawn as nothing; the session tells which sources are missing.
      () => undefined,
    );
  }
}
