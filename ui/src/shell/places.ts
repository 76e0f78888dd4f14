// The pages, in the order of the rail and of the number keys.

import type { IconName } from '$design/icons';
import type { Route } from '$lib/route';
import { router } from '$lib/store/route.svelte';

export interface Place {
  label: string;
  icon: IconName;
  route: Route;
}

/** Project and film lead to where one was last; without a project, to the start. */
export function places(): Place[] {
  const { project, film, chat } = router;
  return [
    { label: 'Start', icon: 'home', route: { page: 'start' } },
    {
      label: 'Project',
      icon: 'project',
      route: project ? { page: 'project', project } : { page: 'start' },
    },
    { label: 'Film', icon: 'film', route: { page: 'film', project, film } },
    { label: 'Ambient', icon: 'ambient', route: { page: 'ambient' } },
    { label: 'Chat', icon: 'speech', route: { page: 'chat', chat } },
    { label: 'Models', icon: 'spark', route: { page: 'models', tab: router.models } },
    { label: 'Settings', icon: 'settings', route: { page: 'settings', section: null } },
  ];
}
