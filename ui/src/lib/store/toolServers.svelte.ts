// Other programs whose tools the studio may use (MCP).

import type { NewToolServer, ToolServer } from '../upcoming';
import { ask, offers } from './asking';
import { coalesced } from './coalesce';
import { registry } from './operations.svelte';
import { attempt } from './toasts.svelte';

class ToolServers {
  list = $state.raw<ToolServer[]>([]);
  /** The file that names them; `null`: this studio knows none. */
  file = $state<string | null>(null);
  readonly load = coalesced(async () => {
    await registry.load();
    if (!offers('mcp.servers')) return;
    const { file, servers } = await ask('mcp.servers', {});
    this.file = file;
    this.list = servers;
  });

  /** Throws what is wrong, so that the dialog can tell it. */
  async add(wish: NewToolServer) {
    await ask('mcp.add', wish);
    await this.load();
  }

  async import(path: string) {
    const done = await attempt(ask('mcp.import', { path }));
    await attempt(this.load());
    return done;
  }

  async act(verb: 'connect' | 'disconnect' | 'remove', server: string) {
    await attempt(ask(`mcp.${verb}`, { server }));
    await attempt(this.load());
  }
}

export const toolServers = new ToolServers();
