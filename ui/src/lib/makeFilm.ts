// From one sentence to a planned film in a project.

import { library } from './store/library.svelte';
import { jobs } from './store/jobs.svelte';
import { router } from './store/route.svelte';
import { attempt, toasts } from './store/toasts.svelte';

export interface FilmWish {
  sentence: string;
  duration_secs: number;
  seed: number;
  /** Without one, a new project is made for the film. */
  project: string | null;
}

/** Plans the film and goes to it. `false` after a failure has been shown. */
export async function makeFilm({ sentence, duration_secs, seed, project }: FilmWish) {
  const home = project ?? (await attempt(library.create(nameFrom(sentence))))?.id;
  if (!home) return false;
  const wish = { sentence, duration_secs, seed, project: home };
  const planned = await attempt(jobs.run('movie.plan', wish));
  if (!planned) return false;
  if (!planned.film) {
    toasts.error(planned.problems[0]?.message ?? 'The plan could not be kept.');
    return false;
  }
  router.go({ page: 'film', project: home, film: planned.film });
  return true;
}

/** The first words of a sentence as a name: at most six words and 48 letters. */
export function nameFrom(sentence: string): string {
  const words = sentence
    .replace(/[^\p{L}\p{N}\s'’-]+/gu, ' ')
    .trim()
    .split(/\s+/)
    .slice(0, 6)
    .join(' ');
  const name = words.slice(0, 48).trim() || 'Film';
  return name.charAt(0).toUpperCase() + name.slice(1);
}
