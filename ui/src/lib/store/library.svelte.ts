// Projects and what lies in them, as raw snapshots by id.

import type { Asset, FilmSummary, Project } from '../types';
import { coalesced } from './coalesce';
import { call, on, onGap } from './connection';
import { quietly } from './toasts.svelte';

class Library {
  #projects = $state.raw<ReadonlyMap<string, Project>>(new Map());
  #assets = $state.raw<ReadonlyMap<string, Asset[]>>(new Map());
  #films = $state.raw<ReadonlyMap<string, FilmSummary[]>>(new Map());
  #loaders = new Map<string, () => Promise<void>>();
  /** The list of projects has been read. */
  ready = $state(false);
  readonly recent = $derived(
    [...this.#projects.values()].sort((a, b) =>
      (b.modified_at ?? '').localeCompare(a.modified_at ?? ''),
    ),
  );

  start() {
    const projects = this.#loader('projects', () => this.#loadProjects());
    on('project.changed', () => void quietly(projects()));
    on('asset.changed', ({ project }) => void quietly(this.loadAssets(this.idOf(project))));
    on('film.changed', ({ project }) => void quietly(this.loadFilms(this.idOf(project))));
    onGap(() => {
      void quietly(projects());
      for (const id of this.#assets.keys()) void quietly(this.loadAssets(id));
      for (const id of this.#films.keys()) void quietly(this.loadFilms(id));
    });
    return projects();
  }

  project(id: string): Project | undefined {
    return this.#projects.get(id);
  }

  /** Events and jobs name a project by id, folder or name. */
  idOf(named: string): string {
    if (this.#projects.has(named)) return named;
    const found = this.recent.find(({ path, name }) => path === named || name === named);
    return found?.id ?? named;
  }

  /** `undefined` until they were read. */
  assets(project: string): Asset[] | undefined {
    return this.#assets.get(project);
  }

  films(project: string): FilmSummary[] | undefined {
    return this.#films.get(project);
  }

  async create(name: string, folder?: string): Promise<Project> {
    return this.#know(await call('project.create', folder ? { name, folder } : { name }));
  }

  async open(path: string): Promise<Project> {
    return this.#know(await call('project.open', { path }));
  }

  loadAssets(project: string): Promise<void> {
    return this.#loader(`assets ${project}`, async () => {
      const { assets } = await call('asset.list', { project });
      this.#assets = new Map(this.#assets).set(project, assets);
      this.#know(await call('project.info', { project }));
    })();
  }

  loadFilms(project: string): Promise<void> {
    return this.#loader(`films ${project}`, async () => {
      const { films } = await call('movie.list', { project });
      this.#films = new Map(this.#films).set(project, films);
      this.#know(await call('project.info', { project }));
    })();
  }

  #know(project: Project): Project {
    this.#projects = new Map(this.#projects).set(project.id, project);
    return project;
  }

  async #loadProjects() {
    const { projects } = await call('project.list', {});
    this.#projects = new Map(projects.map((project) => [project.id, project]));
    this.ready = true;
  }

  #loader(key: string, load: () => Promise<void>): () => Promise<void> {
    const known = this.#loaders.get(key) ?? coalesced(load);
    this.#loaders.set(key, known);
    return known;
  }
}

export const library = new Library();
