// Which edits are heard before they are made. Pure.

import type { Edit } from './types';

const OF_SOUND: ReadonlySet<Edit['edit']> = new Set([
  'set_track',
  'set_mix',
  'set_effects',
  'set_automation',
  'set_clip',
]);

/** It changes how something sounds, and not what lies where. */
export function isOfSound({ edit }: Edit): boolean {
  return OF_SOUND.has(edit);
}
