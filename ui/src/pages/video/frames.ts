// Which pictures are to be written, where to, and what was written.

import { copyText } from '$lib/clipboard';
import { count } from '$lib/format';
import { jobs } from '$lib/store/jobs.svelte';
import { attempt, toasts } from '$lib/store/toasts.svelte';
import type { Input, SceneDetector } from '$lib/types';
import { typedTimes } from '$lib/video/times';
import { numberIn } from '../project/numbers';
import type { VideoEditing } from './editing.svelte';
import { tellMade } from './results';

export type Which = 'every' | 'times' | 'scenes' | 'sheet';

export const choices: { value: Which; label: string; title: string }[] = [
  { value: 'every', label: 'Every n-th', title: 'One of every so many frames' },
  { value: 'times', label: 'Times', title: 'The pictures that are shown at given times' },
  { value: 'scenes', label: 'Cuts', title: 'The first picture of each scene' },
  { value: 'sheet', label: 'Sheet', title: 'Many small pictures on one' },
];

/** As the fields hold it. */
export interface FramesWish {
  which: Which;
  every: string;
  times: string;
  count: string;
  format: string;
  /** Pixels; empty for the film's own. */
  width: string;
  place: 'project' | 'folder';
  folder: string;
}

export interface FramesFacts {
  frames: number;
  fps: number;
  duration: number;
  /** `null`: nobody looked yet. */
  cuts: number | null;
  detector: SceneDetector;
}

type FramesInput = Omit<Input<'video.frames'>, 'project' | 'asset'>;
type SheetInput = Omit<Input<'video.thumbnails'>, 'project' | 'asset'>;

export type FramesPlan =
  | { sheet: false; input: FramesInput; pictures: number | null }
  | { sheet: true; input: SheetInput; pictures: number | null }
  | { error: string; field: keyof FramesWish | null };

/** More pictures would bury a project. */
const MOST_IN_PROJECT = 200;
const MOST_IN_FOLDER = 100_000;
const MOST_ON_SHEET = 400;

/** What the operations are to be asked for, or what is wrong with the wish. */
export function planOf(wish: FramesWish, facts: FramesFacts): FramesPlan {
  const format = wish.format === 'png' ? 'png' : 'jpeg';
  if (wish.which === 'sheet') {
    const read = whole(wish.count, MOST_ON_SHEET);
    if ('error' in read) return { error: read.error, field: 'count' };
    return { sheet: true, input: { count: read.value, format }, pictures: read.value };
  }
  const chosen = choose(wish, facts);
  if ('error' in chosen) return chosen;
  const folder = wish.folder.trim();
  if (wish.place === 'folder' && !folder) return { error: 'Choose a folder.', field: 'folder' };
  const most = wish.place === 'folder' ? MOST_IN_FOLDER : MOST_IN_PROJECT;
  if (chosen.pictures !== null && chosen.pictures > most) {
    const error = `That is ${count(chosen.pictures, 'picture')}. A project takes ${most} at once, a folder more.`;
    return { error, field: null };
  }
  const input: FramesInput = {
    ...chosen.input,
    format,
    limit: most,
    ...(wish.width && { width: Number(wish.width) }),
    ...(wish.place === 'folder' && { output_folder: folder }),
  };
  return { sheet: false, input, pictures: chosen.pictures };
}

type Chosen =
  { input: FramesInput; pictures: number | null } | { error: string; field: keyof FramesWish };

function choose(wish: FramesWish, facts: FramesFacts): Chosen {
  if (wish.which === 'every') {
    const read = whole(wish.every, facts.frames);
    if ('error' in read) return { error: read.error, field: 'every' };
    return { input: { every: read.value }, pictures: Math.ceil(facts.frames / read.value) };
  }
  if (wish.which === 'times') {
    const read = typedTimes(wish.times, facts.fps, facts.duration);
    if ('error' in read) return { error: read.error, field: 'times' };
    return { input: { times_secs: read.times }, pictures: read.times.length };
  }
  const pictures = facts.cuts === null ? null : facts.cuts + 1;
  return { input: { at_scenes: facts.detector }, pictures };
}

function whole(typed: string, most: number): { value: number } | { error: string } {
  const read = numberIn(typed, 1, most);
  if ('error' in read || Number.isInteger(read.value)) return read;
  return { error: 'This must be a whole number.' };
}

export async function begin(editing: VideoEditing, plan: Exclude<FramesPlan, { error: string }>) {
  const { source, asset } = editing;
  if (plan.sheet) {
    const made = await attempt(jobs.run('video.thumbnails', { ...source, ...plan.input }));
    const said = `The contact sheet of ${asset.name} is made.`;
    if (made) tellMade(said, source.project, made.output?.asset, 'project');
    return;
  }
  const made = await attempt(jobs.run('video.frames', { ...source, ...plan.input }));
  if (!made) return;
  const said = `${count(made.pictures.length, 'picture')} of ${asset.name} ${made.pictures.length === 1 ? 'was' : 'were'} written.`;
  const folder = plan.input.output_folder;
  if (!folder) return tellMade(said, source.project, made.pictures[0]?.asset, 'project');
  const copied = 'The folder’s path is on the clipboard.';
  toasts.done(said, { label: 'Copy the path', run: () => void copyText(folder, copied) });
}
