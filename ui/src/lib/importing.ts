// Files become assets: by chooser and by drop alike.

import { jobs } from './store/jobs.svelte';
import { library } from './store/library.svelte';
import { router } from './store/route.svelte';
import { attempt, toasts } from './store/toasts.svelte';
import { transport } from './store/connection';
import type { Asset } from './types';

const MEDIA = {
  name: 'Sound, video and pictures',
  extensions: [
    ...['wav', 'flac', 'mp3', 'm4a', 'aac', 'ogg', 'opus', 'aiff', 'aif', 'caf', 'wma'],
    ...['mp4', 'mov', 'mkv', 'webm', 'avi', 'm4v'],
    ...['png', 'jpg', 'jpeg', 'webp'],
  ],
};

export function chooseMedia(): Promise<string[]> {
  return transport().pickFiles('Import into the project', [MEDIA]);
}

/** Imports each file as a job of its own; one bad file does not stop the rest. */
export async function importPaths(
  project: string,
  paths: string[],
  mode: 'copy' | 'reference' = 'copy',
): Promise<Asset[]> {
  const results = await Promise.all(
    paths.map((path) => attempt(jobs.run('asset.import', { project, path, mode }))),
  );
  const assets = results.filter((asset) => asset !== null);
  await attempt(library.loadAssets(project));
  const [first] = assets;
  if (assets.length === 1 && first) toasts.done(`Imported ${first.name}.`);
  else if (assets.length > 1) toasts.done(`${assets.length} files are in the project.`);
  return assets;
}

/** Imports into the project that is shown; without one, into a new project named after the file. */
export async function importDropped(paths: string[]): Promise<void> {
  if (paths.length === 0) return;
  const route = router.current;
  let project = 'project' in route ? route.project : null;
  if (!project) {
    const created = await attempt(library.create(stem(paths[0] ?? 'Dropped files')));
    if (!created) return;
    project = created.id;
    router.go({ page: 'project', project });
  }
  await importPaths(project, paths);
}

/** File name without folder and ending. */
export function stem(path: string): string {
  const name = path.split(/[/\\]/).pop() ?? path;
  return name.replace(/\.[^.]+$/, '') || name;
}
