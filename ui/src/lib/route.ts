// Places in the window as values, and their form in the address. Pure.

export type Route =
  | { page: 'start' }
  | { page: 'project'; project: string }
  | { page: 'film'; project: string | null; film: string | null }
  | { page: 'ambient' }
  | { page: 'chat'; chat: string | null }
  | { page: 'models' }
  | { page: 'settings' };

export function parseRoute(fragment: string): Route {
  const [page, first, film] = fragment
    .replace(/^#\/?/, '')
    .split('/')
    .map((part) => decodeURIComponent(part));
  switch (page) {
    case 'project':
      return first ? { page, project: first } : { page: 'start' };
    case 'film':
      return { page, project: first || null, film: film || null };
    case 'chat':
      return { page, chat: first || null };
    case 'ambient':
    case 'models':
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
  if ('chat' in route && route.chat) parts.push(route.chat);
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}
