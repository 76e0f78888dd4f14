import { expect, test } from 'vitest';
import { formatRoute, parseRoute, type Route } from './route';

test('every place survives the address', () => {
  const routes: Route[] = [
    { page: 'start' },
    { page: 'project', project: 'a b/ü' },
    { page: 'project', project: 'p', asset: 'a/1' },
    { page: 'video', project: 'p', asset: 'a' },
    { page: 'film', project: 'p', film: 'f' },
    { page: 'film', project: 'p', film: null },
    { page: 'film', project: null, film: null },
    { page: 'session', project: 'p', session: 's/1' },
    { page: 'ambient' },
    { page: 'chat', chat: null },
    { page: 'chat', chat: 'c' },
    { page: 'models', tab: 'models' },
    { page: 'models', tab: 'costs' },
    { page: 'settings', section: null },
    { page: 'settings', section: 'budget' },
  ];
  for (const route of routes) expect(parseRoute(formatRoute(route))).toEqual(route);
});

test('an unknown place is the start', () => {
  expect(parseRoute('#/nowhere')).toEqual({ page: 'start' });
  expect(parseRoute('#/project')).toEqual({ page: 'start' });
  expect(parseRoute('#/video')).toEqual({ page: 'start' });
  expect(parseRoute('#/video/p')).toEqual({ page: 'project', project: 'p' });
  expect(parseRoute('#/session/p')).toEqual({ page: 'project', project: 'p' });
});
