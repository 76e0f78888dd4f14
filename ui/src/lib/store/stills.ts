// Pictures of films as bitmaps.

import type { Asset } from '../types';
import type { Look } from '../video/adjust';
import { callBytes } from './connection';

const KEPT = 240;
const kept = new Map<string, Promise<ImageBitmap>>();

/** What a film shows at `seconds`, `width` device pixels wide. */
export function stillOf(
  project: string,
  asset: Asset,
  seconds: number,
  width: number,
): Promise<ImageBitmap> {
  const key = [asset.digest, seconds, width].join('\n');
  const known = kept.get(key);
  if (known) return known;
  const still = read({ project, asset: asset.id, at_secs: seconds, width });
  still.catch(() => kept.delete(key));
  kept.set(key, still);
  const oldest = kept.keys().next().value;
  if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest);
  return still;
}

/** The same as it would look when it was adjusted. */
export function adjustedStill(
  project: string,
  asset: Asset,
  seconds: number,
  width: number,
  look: Look,
): Promise<ImageBitmap> {
  return read({ project, asset: asset.id, at_secs: seconds, width, ...look });
}

async function read(wish: Record<string, string | number>): Promise<ImageBitmap> {
  const bytes = await callBytes('video.picture', wish);
  return createImageBitmap(new Blob([bytes], { type: 'image/jpeg' }));
}
