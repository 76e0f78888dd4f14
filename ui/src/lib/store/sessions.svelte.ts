// The multitrack sessions of projects, for the list on a project's page.

import type { SessionSummary } from '../session/types';
import { coalesced } from './coalesce';
import { call, on, onGap } from './connection';
import { library } from './library.svelte';
import { quietly, toasts } from './toasts.svelte';

class Sessions {
  #lists = $state.raw<ReadonlyMap<string, SessionSummary[]>>(new Map());
  #loaders = new Map<string, () => Promise<void>>();

  start() {
    on('session.changed', ({ project }) => {
      void quietly(this.#loaders.get(library.idOf(project))?.());
    });
    on('session.take_recovered', ({ name }) => {
      toasts.done(`A recording had broken off. What it had is kept as ${name}.`);
    });
    onGap(() => this.#loaders.forEach((load) => void quietly(load())));
  }

  /** `undefined` until they were read. */
  of(project: string): SessionSummary[] | undefined {
    return this.#lists.get(project);
  }

  load(project: string): Promise<void> {
    const load =
      this.#loaders.get(project) ??
      coalesced(async () => {
        const { sessions } = await call('session.list', { project });
        this.#lists = new Map(this.#lists).set(project, sessions);
      });
    this.#loaders.set(project, load);
    return load();
  }

  /** A new session with a track for each sound; answers its id. */
  async create(project: string, name: string, assets: string[]): Promise<string> {
    const { id } = await call('session.create', { project, name, assets });
    await this.load(project);
    return id;
  }

  /** An empty session that is named by its number. */
  async createNext(project: string): Promise<string> {
    if (!this.of(project)) await this.load(project);
    return this.create(project, `Session ${(this.of(project)?.length ?? 0) + 1}`, []);
  }

  async remove(project: string, session: string): Promise<void> {
    await call('session.delete', { project, session });
    await this.load(project);
  }
}

export const sessions = new Sessions();
