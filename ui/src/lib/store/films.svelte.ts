// Open films: the present revision of each, and the edits that make the next.

import type { Film, Input } from '../types';
import { coalesced } from './coalesce';
import { call, on, onGap } from './connection';
import { quietly } from './toasts.svelte';

class Films {
  #map = $state.raw<ReadonlyMap<string, Film>>(new Map());
  #loaders = new Map<string, () => Promise<void>>();

  start() {
    on('film.changed', ({ film }) => void quietly(this.#loaders.get(film)?.()));
    onGap(() => this.#loaders.forEach((load) => void quietly(load())));
  }

  get(id: string): Film | undefined {
    return this.#map.get(id);
  }

  load(project: string, film: string): Promise<void> {
    const load =
      this.#loaders.get(film) ??
      coalesced(async () => {
        this.#know(await call('movie.get', { project, film }));
      });
    this.#loaders.set(film, load);
    return load();
  }

  async updateShot(edit: Input<'movie.update_shot'>) {
    this.#know(await call('movie.update_shot', edit));
  }

  async undo(project: string, film: string) {
    this.#know(await call('movie.undo', { project, film }));
  }

  async redo(project: string, film: string) {
    this.#know(await call('movie.redo', { project, film }));
  }

  #know(film: Film) {
    this.#map = new Map(this.#map).set(film.id, film);
  }
}

export const films = new Films();
