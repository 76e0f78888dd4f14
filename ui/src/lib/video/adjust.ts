// How a film is to be adjusted, as the page's controls hold it. Pure.

import type { Input } from '../types';

export interface Look {
  brightness: number;
  contrast: number;
  saturation: number;
  gamma: number;
}

export interface Adjustments extends Look {
  /** How many times as fast. */
  speed: number;
  /** Pixels to write; the width follows. `null`: as it is. */
  height: number | null;
  stabilise: boolean;
}

export const NEUTRAL: Adjustments = {
  brightness: 0,
  contrast: 1,
  saturation: 1,
  gamma: 1,
  speed: 1,
  height: null,
  stabilise: false,
};

export const sliders: { key: keyof Look; label: string; min: number; max: number }[] = [
  { key: 'brightness', label: 'Brightness', min: -1, max: 1 },
  { key: 'contrast', label: 'Contrast', min: 0, max: 2 },
  { key: 'saturation', label: 'Saturation', min: 0, max: 3 },
  { key: 'gamma', label: 'Gamma', min: 0.1, max: 4 },
];

export const speeds = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 3, 4];
const heights = [2160, 1440, 1080, 720, 480, 360];

/** Heights to scale to, with the size that each gives a film of `width` × `height` pixels. */
export function sizes(width: number, height: number): { height: number; label: string }[] {
  return heights
    .filter((each) => each !== height)
    .map((each) => ({
      height: each,
      label: `${2 * Math.round((width * each) / height / 2)} × ${each}`,
    }));
}

/** What differs from the film as it is, as `video.adjust` takes it. */
export function changes(wish: Adjustments): Pick<Input<'video.adjust'>, keyof Adjustments> | null {
  const changed = Object.entries(wish).filter(
    ([key, value]) => value !== NEUTRAL[key as keyof Adjustments],
  );
  return changed.length > 0 ? Object.fromEntries(changed) : null;
}

/** What can be seen in a single picture; `null` if it looks as it is. */
export function lookOf({ brightness, contrast, saturation, gamma }: Adjustments): Look | null {
  const look = { brightness, contrast, saturation, gamma };
  return changes({ ...NEUTRAL, ...look }) ? look : null;
}
