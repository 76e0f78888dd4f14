// Storyboard pictures as bitmaps, by what decides them.

import type { BaseImage, Film } from '../types';
import { callBytes } from './connection';

const KEPT = 240;
const kept = new Map<string, Promise<ImageBitmap>>();

/** A base image of a film's plan, `width` device pixels wide. */
export function pictureOf(
  project: string,
  film: Film,
  image: BaseImage,
  width: number,
): Promise<ImageBitmap> {
  const seed = image.seed ?? film.plan.metadata?.['seed'] ?? '';
  const key = [film.id, image.id, image.prompt, String(seed), width].join('\n');
  const known = kept.get(key);
  if (known) return known;
  const picture = callBytes('movie.picture', {
    project,
    film: film.id,
    image: image.id,
    width,
  }).then((bytes) => createImageBitmap(new Blob([bytes], { type: 'image/png' })));
  picture.catch(() => kept.delete(key));
  kept.set(key, picture);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  return picture;
}
