// Models that the studio runs by itself: what is here, what could be, and what is on its way.

import type { DownloadInput, Job, LoadedModel, LocalModel, LocalModels } from '../types';
import { coalesced } from './coalesce';
import { call, on, onGap } from './connection';
import { jobs } from './jobs.svelte';
import { models } from './models.svelte';
import { attempt, quietly, toasts } from './toasts.svelte';

class Weights {
  kept = $state.raw<LocalModels | null>(null);
  /** What is in memory; `null` until it was asked for. */
  loaded = $state.raw<LoadedModel | null>(null);
  readonly load = coalesced(async () => {
    this.kept = await call('model.list', {});
    this.loaded = await call('model.loaded', {});
  });

  start() {
    const changed = () => {
      if (this.kept) void quietly(this.load());
      if (models.ready) void quietly(models.look());
    };
    on('models.changed', changed);
    onGap(changed);
  }

  /** The job that works on a model's files now. */
  going(model: Pick<LocalModel, 'id' | 'repo'>): Job | undefined {
    return jobs.list.find(({ operation, status, input }) => {
      if (!/^model\.(download|verify|load)$/.test(operation)) return false;
      if (status !== 'queued' && status !== 'running') return false;
      const of = (input ?? {}) as { model?: string; repo?: string };
      return of.model === model.id || (of.repo !== undefined && of.repo === model.repo);
    });
  }

  async download(input: DownloadInput, name: string) {
    const got = await attempt(jobs.run('model.download', input));
    await this.#refresh();
    if (got) toasts.done(got.model ? `${name} is here and can answer.` : `${name} is here.`);
  }

  /** Takes the digests again; damaged files can be thrown away and fetched anew. */
  async verify(model: LocalModel) {
    const found = await attempt(jobs.run('model.verify', { model: model.id }));
    if (!found) return;
    if (found.is_whole) {
      toasts.done(`Every file of ${model.name} is whole.`);
      return;
    }
    const bad = found.files.filter(({ result }) => result === 'damaged' || result === 'missing');
    toasts.done(`${bad.length} of ${found.files.length} files of ${model.name} are not whole.`, {
      label: 'Fetch them anew',
      run: () => void this.#mend(model),
    });
  }

  async #mend(model: LocalModel) {
    await attempt(jobs.run('model.verify', { model: model.id, discard_damaged: true }));
    await this.download({ model: model.id, accept_licence: true }, model.name);
  }

  /** Into memory, so that the first answer comes at once; what was there leaves. */
  async toMemory(model: LocalModel) {
    const done = await attempt(jobs.run('model.load', { model: model.id }));
    await this.#refresh();
    if (done) toasts.done(`${model.name} is in memory.`);
  }

  async unload() {
    const now = await attempt(call('model.unload', {}));
    if (now) this.loaded = now;
    await this.#refresh();
  }

  async remove(model: LocalModel): Promise<number | null> {
    const removed = await attempt(call('model.remove', { model: model.id }));
    await this.#refresh();
    return removed?.freed_bytes ?? null;
  }

  /** Throws what is wrong, so that the dialog can tell it. */
  async import(path: string, name: string): Promise<void> {
    const wish = name ? { path, name } : { path };
    const got = await jobs.run('model.import', wish);
    await this.#refresh();
    toasts.done(
      got.model
        ? 'The model is here and can answer.'
        : 'It is here, but cannot run in this program.',
    );
  }

  async #refresh() {
    await attempt(Promise.all([this.load(), models.load()]));
  }
}

export const weights = new Weights();
