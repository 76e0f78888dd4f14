// Where the window is. The fragment of the address holds it, so that back, forward and reload work.

import { formatRoute, parseRoute, type ModelsTab, type Route } from '../route';

class Router {
  current = $state.raw<Route>(parseRoute(''));
  /** Project that was open last; the film page works in it. */
  project = $state<string | null>(null);
  /** Film of that project that was open last. */
  film = $state<string | null>(null);
  /** Multitrack session of that project that was open last. */
  session = $state<string | null>(null);
  /** Conversation that was open last. */
  chat = $state<string | null>(null);
  /** Part of the models page that was open last. */
  models = $state<ModelsTab>('models');

  start() {
    window.addEventListener('hashchange', () => this.#read());
    this.#read();
  }

  go(route: Route) {
    location.hash = formatRoute(route);
  }

  #read() {
    const route = parseRoute(location.hash);
    this.current = route;
    if (route.page === 'chat') this.chat = route.chat;
    if (route.page === 'models') this.models = route.tab;
    if (!('project' in route) || !route.project) return;
    if (route.project !== this.project) this.film = this.session = null;
    this.project = route.project;
    if (route.page === 'film') this.film = route.film;
    if (route.page === 'session') this.session = route.session;
  }
}

export const router = new Router();
