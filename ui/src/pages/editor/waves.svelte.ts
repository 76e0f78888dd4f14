// The peaks that a session's clips are drawn from, read as the zoom asks for them.

import { bestLevel, levelFor } from '$lib/session/waves';
import { library } from '$lib/store/library.svelte';
import { peaksOf } from '$lib/store/peaks';
import type { Peaks } from '$lib/peaks';

export class Waves {
  /** Grows when peaks arrive: what is drawn from them is then drawn anew. */
  version = $state(0);
  #levels = new Map<string, Map<number, Peaks>>();
  #asked = new Set<string>();

  constructor(readonly project: string) {}

  /** The best at hand; a better level is asked for and told by `version`. */
  of(source: string, samplesPerPx: number, rate: number): Peaks | null {
    const asset = library.assets(this.project)?.find(({ id }) => id === source);
    if (!asset?.audio) return null;
    const wanted = levelFor((samplesPerPx * asset.audio.sample_rate) / rate);
    const levels = this.#levels.get(source) ?? new Map<number, Peaks>();
    this.#levels.set(source, levels);
    const found = levels.get(wanted);
    if (found) return found;
    const key = `${source} ${wanted}`;
    if (!this.#asked.has(key)) {
      this.#asked.add(key);
      const columns = Math.floor(asset.audio.frames / wanted);
      void peaksOf(this.project, asset, columns).then(
        (peaks) => {
          levels.set(wanted, peaks);
          this.version += 1;
        },
        () => this.#asked.delete(key),
      );
    }
    const best = bestLevel(wanted, levels.keys());
    return best === null ? null : (levels.get(best) ?? null);
  }
}
