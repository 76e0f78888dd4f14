// Renders of one film among the jobs.

import { words } from '$lib/format';
import type { Job } from '$lib/types';

export function isRenderOf(job: Job, film: string): boolean {
  const { input } = job;
  return typeof input === 'object' && input !== null && 'film' in input && input.film === film;
}

const STEPS: Record<string, string> = {
  picture: 'Pictures',
  clip: 'Shots',
  speech: 'Voices',
  score: 'Score',
  mix: 'Mix',
  film: 'Film',
};

/** A kind of step in words. */
export function stepTitle(step: string): string {
  return STEPS[step] ?? words(step);
}

export const cameraMoves = [
  { value: 'hold', label: 'Hold still' },
  { value: 'push_in', label: 'Push in' },
  { value: 'pull_out', label: 'Pull out' },
  { value: 'pan_left', label: 'Pan left' },
  { value: 'pan_right', label: 'Pan right' },
  { value: 'tilt_up', label: 'Tilt up' },
  { value: 'tilt_down', label: 'Tilt down' },
  { value: 'rise', label: 'Rise' },
];

export function cameraTitle(camera: string | null | undefined): string {
  return cameraMoves.find(({ value }) => value === camera)?.label ?? words(camera ?? '');
}
