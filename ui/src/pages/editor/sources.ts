// Sounds that come into a session: assets of its project, of another project, files from the desktop.

import { nextId } from '$lib/session/apply';
import type { Copied } from '$lib/session/clipboard';
import { count } from '$lib/format';
import { importPaths } from '$lib/importing';
import { call } from '$lib/store/connection';
import { jobs } from '$lib/store/jobs.svelte';
import { library } from '$lib/store/library.svelte';
import { attempt, toasts } from '$lib/store/toasts.svelte';
import { StudioError } from '$lib/error';
import type { Edit, NewClip } from '$lib/session/types';
import type { Asset } from '$lib/types';
import { edit } from './actions';
import { clipIds } from './copying';
import type { Editing } from './editing.svelte';

/** An asset of any project. */
export interface Carried {
  project: string;
  asset: string;
}

/** Where sounds are put: a sample, and the track that takes the first. */
export interface Place {
  at: number;
  /** `null`: a new track. */
  track: number | null;
}

/** Puts sounds on the tracks one below the other; missing tracks are added in the same step. */
export async function addSounds(editing: Editing, assets: Asset[], place: Place): Promise<boolean> {
  const sounds = assets.filter(({ audio }) => audio !== null);
  const { document } = editing;
  if (sounds.length < assets.length) {
    toasts.error(noSound(assets.filter(({ audio }) => !audio)), editing.session);
  }
  if (sounds.length === 0 || !document) return false;
  const index = document.tracks.findIndex(({ id }) => id === place.track);
  const free = index < 0 ? [] : document.tracks.slice(index);
  const missing = sounds.slice(free.length);
  const added = missing.map(({ name }): Edit => ({ edit: 'add_track', name: titled(name) }));
  const first = nextId(document);
  const tracks = [...free.map(({ id }) => id), ...missing.map((_, i) => first + i)];
  const clips = sounds.flatMap(({ id, name }, i): NewClip[] => {
    const track = tracks[i];
    return track === undefined ? [] : [{ track, source: id, start: place.at, name: titled(name) }];
  });
  const before = clipIds(editing);
  const done = await edit(
    editing,
    [...added, { edit: 'add_clips', clips }],
    `${count(clips.length, 'clip')} added`,
  );
  if (done) editing.select([...clipIds(editing)].filter((id) => !before.has(id)));
  return done;
}

/** Adds an asset of this project, or one of another, which is imported by reference first. */
export async function addCarried(editing: Editing, carried: Carried, place: Place): Promise<void> {
  const asset = await broughtAsset(editing.session.project, carried);
  if (asset) await addSounds(editing, [asset], place);
}

export async function addPaths(editing: Editing, paths: string[], place: Place): Promise<void> {
  const assets = await importPaths(editing.session.project, paths);
  if (assets.length > 0) await addSounds(editing, assets, place);
}

/** The new id of each source of clips that were copied in another project. */
export async function bringSources(
  editing: Editing,
  copied: Copied,
): Promise<ReadonlyMap<string, string> | null> {
  const { project } = editing.session;
  const brought = new Map<string, string>();
  if (copied.project === project) return brought;
  for (const source of new Set(copied.clips.map(({ clip }) => clip.source))) {
    const asset = await broughtAsset(project, { project: copied.project, asset: source });
    if (!asset) return null;
    brought.set(source, asset.id);
  }
  return brought;
}

async function broughtAsset(project: string, carried: Carried): Promise<Asset | null> {
  const known = library.assets(carried.project) ?? (await assetsOf(carried.project));
  const asset = known?.find(({ id }) => id === carried.asset);
  if (!asset || carried.project === project) return asset ?? null;
  const here = library.assets(project)?.find(({ digest }) => digest === asset.digest);
  if (here) return here;
  if (!asset.path) {
    toasts.error(new StudioError({ code: 'not_found', message: `${asset.name} has no file.` }));
    return null;
  }
  const input = { project, path: asset.path, mode: 'reference' as const };
  const imported = await attempt(jobs.run('asset.import', input));
  await attempt(library.loadAssets(project));
  return imported;
}

async function assetsOf(project: string): Promise<Asset[] | undefined> {
  return (await attempt(call('asset.list', { project })))?.assets;
}

function noSound(assets: Asset[]): StudioError {
  const names = assets.map(({ name }) => name).join(', ');
  return new StudioError({
    code: 'bad_input',
    message: `${names} has no sound.`,
    hint: 'Pictures go into films.',
  });
}

/** A file's name without its ending. */
function titled(name: string): string {
  return name.replace(/\.[^.]+$/, '') || name;
}
