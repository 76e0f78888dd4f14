// Places in the window as values, and their form in the address. Pure.

export const MODELS_TABS = ['models', 'providers', 'router', 'costs'] as const;
export type ModelsTab = (typeof MODELS_TABS)[number];

export type Route =
  | { page: 'start' }
  /** `asset`: the one that is chosen at first. */
  | { page: 'project'; project: string; asset?: string }
  | { page: 'film'; project: string | null; film: string | null }
  /** A film of the project, to cut, adjust and take apart. */
  | { page: 'video'; project: string; asset: string }
  /** The multitrack editor. */
  | { page: 'session'; project: string; session: string }
  | { page: 'ambient' }
  | { page: 'chat'; chat: string | null }
  | { page: 'models'; tab: ModelsTab }
  /** `section`: the part to begin with, such as `budget`. */
  | { page: 'settings'; section: string | null };

export function parseRoute(fragment: string): Route {
  const [page, first, second] = fragment
    .replace(/^#\/?/, '')
    .split('/')
    .map((part) => decodeURIComponent(part));
  switch (page) {
    case 'project':
      if (!first) return { page: 'start' };
      return second ? { page, project: first, asset: second } : { page, project: first };
    case 'video':
      if (!first) return { page: 'start' };
      return second ? { page, project: first, asset: second } : { page: 'project', project: first };
    case 'film':
      return { page, project: first || null, film: second || null };
    case 'session':
      if (!first) return { page: 'start' };
      return second
        ? { page, project: first, session: second }
        : { page: 'project', project: first };
    case 'chat':
      return { page, chat: first || null };
    case 'models':
      return { page, tab: MODELS_TABS.find((tab) => tab === first) ?? 'models' };
    case 'settings':
      return { page, section: first || null };
    case 'ambient':
      return { page };
    default:
      return { page: 'start' };
  }
}

export function formatRoute(route: Route): string {
  const parts: string[] = [route.page === 'start' ? '' : route.page];
  if ('project' in route && route.project) parts.push(route.project);
  if ('film' in route && route.film) parts.push(route.film);
  if ('session' in route) parts.push(route.session);
  if ('asset' in route && route.asset) parts.push(route.asset);
  if ('chat' in route && route.chat) parts.push(route.chat);
  if ('tab' in route && route.tab !== 'models') parts.push(route.tab);
  if ('section' in route && route.section) parts.push(route.section);
  return `#/${parts.map(encodeURIComponent).join('/')}`;
}
