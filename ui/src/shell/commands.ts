// What the palette offers: places, projects, and every operation of the registry.

import type { IconName } from '$design/icons';
import { chooseMedia, importPaths } from '$lib/importing';
import { ago, prose } from '$lib/format';
import { library } from '$lib/store/library.svelte';
import { registry } from '$lib/store/operations.svelte';
import { sessions } from '$lib/store/sessions.svelte';
import { router } from '$lib/store/route.svelte';
import { attempt } from '$lib/store/toasts.svelte';
import { places, type Place } from './places';
import { layers } from './ui.svelte';

export interface Command {
  id: string;
  group: 'Go to' | 'Do' | 'Projects' | 'Operations';
  title: string;
  detail: string;
  icon: IconName;
  run: () => void;
}

export function commands(): Command[] {
  return [...pages(), ...actions(), ...projects(), ...operations()];
}

function pages(): Command[] {
  const parts: Place[] = [
    { label: 'Providers and keys', icon: 'key', route: { page: 'models', tab: 'providers' } },
    { label: 'Router', icon: 'scale', route: { page: 'models', tab: 'router' } },
    { label: 'Costs', icon: 'chart', route: { page: 'models', tab: 'costs' } },
  ];
  const shown = places().filter(({ label }) => label !== 'Project' || router.project !== null);
  return [...shown, ...parts].map(({ label, icon, route }) => ({
    id: `page ${label}`,
    group: 'Go to',
    title: label,
    detail: '',
    icon,
    run: () => router.go(route),
  }));
}

function actions(): Command[] {
  const list: Command[] = [
    action('New conversation', 'speech', () => router.go({ page: 'chat', chat: null })),
    action('Show the jobs', 'jobs', () => (layers.jobs = true)),
    action('Show the keys', 'keyboard', () => (layers.help = true)),
  ];
  const { project } = router;
  if (project) {
    const importing = async () => {
      const paths = await attempt(chooseMedia());
      if (!paths || paths.length === 0) return;
      router.go({ page: 'project', project });
      await importPaths(project, paths);
    };
    const editing = async () => {
      const session = await attempt(sessions.createNext(project));
      if (session) router.go({ page: 'session', project, session });
    };
    list.unshift(
      action('Import files', 'import', () => void importing()),
      action('New multitrack session', 'tracks', () => void editing()),
    );
  }
  return list;
}

function action(title: string, icon: IconName, run: () => void): Command {
  return { id: `do ${title}`, group: 'Do', title, detail: '', icon, run };
}

function projects(): Command[] {
  const now = new Date();
  return library.recent
    .filter((project) => !project.missing)
    .map((project) => ({
      id: `project ${project.id}`,
      group: 'Projects',
      title: project.name,
      detail: ago(project.modified_at ?? '', now),
      icon: 'project',
      run: () => router.go({ page: 'project', project: project.id }),
    }));
}

const DOMAIN_ICONS: Record<string, IconName> = {
  ambient: 'ambient',
  asset: 'import',
  audio: 'sound',
  chat: 'speech',
  gateway: 'scale',
  job: 'jobs',
  keys: 'key',
  llm: 'speech',
  mcp: 'tool',
  model: 'spark',
  movie: 'film',
  player: 'play',
  project: 'project',
  provider: 'server',
  session: 'tracks',
  settings: 'settings',
  speech: 'speech',
};

function operations(): Command[] {
  return registry.list.map((operation) => ({
    id: operation.name,
    group: 'Operations',
    title: operation.title,
    detail: prose(operation.summary),
    icon: DOMAIN_ICONS[operation.name.split('.')[0] ?? ''] ?? 'spark',
    run: () => (layers.operation = { operation, known: {} }),
  }));
}
