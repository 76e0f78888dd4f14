// Other programs whose tools the studio may use (MCP).

import type { NewToolServer, ToolServer } from '../types';
import { call } from './connection';
import { coalesced } from './coalesce';
import { attempt } from './toasts.svelte';

class ToolServers {
  list = $state.raw<ToolServer[]>([]);
  /** The file that names them; `null` until it was asked for. */
  file = $state<string | null>(null);
  readonly load = coalesced(async () => {
    const { file, servers } = await call('mcp.servers', {});
    this.file = file;
    this.list = servers;
  });

  /** Throws what is wrong, so that the dialog can tell it. */
  async add(wish: NewToolServer) {
    await call('mcp.add', wish);
    await this.load();
  }

  async import(path: string) {
    const done = await attempt(call('mcp.import', { path }));
    await attempt(this.load());
    return done;
  }

  async act(verb: 'connect' | 'disconnect' | 'remove', server: string) {
    await attempt(call(`mcp.${verb}`, { server }));
    await attempt(this.load());
  }
}

export const toolServers = new ToolServers();
