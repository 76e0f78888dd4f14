// What a job is about: the file, asset or film that its input names.

import { films } from '$lib/store/films.svelte';
import { library } from '$lib/store/library.svelte';
import type { Job } from '$lib/types';

export function subjectOf(job: Job): string | null {
  const { input, project } = job;
  if (typeof input !== 'object' || input === null) return null;
  const { path, asset, film, text } = input as Record<string, unknown>;
  if (typeof path === 'string') return path.split(/[/\\]/).pop() ?? null;
  if (typeof text === 'string') return text;
  const home = project ? library.idOf(project) : '';
  if (typeof asset === 'string') {
    return library.assets(home)?.find(({ id }) => id === asset)?.name ?? null;
  }
  if (typeof film !== 'string') return null;
  const listed = library.films(home)?.find(({ id }) => id === film);
  return films.get(film)?.title ?? listed?.title ?? null;
}
