// Places in the window as values, and their form in the address. Pure.

export type Route =
  | { page: 'start' }
  | { page: 'project'; project: string }
  | { page: 'film'; project: string | null; film: string | null }
  | { page: 'ambient' }
  | { page: 'settings' };

export function parseRoute(fragment: string): Route {
  const [page, project, film] = fragment
    .replace(/^#\/?/, '')
    .split('/')
    .map((part) => decodeURIComponent(part));
  switch (page) {
    case 'project':
      return project ? { page, project } : { page: 'start' };
    case 'film':
      return { page, project: project || null, film: film || null };
    case 'ambient':
    case 'settings':
      return { page };
    default:
      return { page: 'start' };
  }
}

export function formatRoute(route: Route): string {
  const parts: string[] = [route.page === 'start' ? '' : route.page];
  if ('project' in route && route.project) parts.push(route.project);
  if ('film' in route && route.film) parts.push(route.film);
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}
