// How menus group effects, in their order.

import type { Family } from '$lib/types';
import type { IconName } from '../icons';

export const families: Record<Family, { title: string; icon: IconName }> = {
  tone: { title: 'Tone', icon: 'chart' },
  dynamics: { title: 'Level and dynamics', icon: 'level' },
  modulation: { title: 'Echo, movement and pitch', icon: 'ambient' },
  distortion: { title: 'Distortion', icon: 'spark' },
  space: { title: 'Space', icon: 'globe' },
  repair: { title: 'Repair', icon: 'tool' },
};
