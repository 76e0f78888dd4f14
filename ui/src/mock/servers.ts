// Tool servers of the paper studio.

import type { Json } from '$lib/types';
import type { ToolServer } from '$lib/types';

type Values = Record<string, Json>;

export function paperServers(scene: string) {
  const made = (
    server: string,
    state: ToolServer['state'],
    more: Partial<ToolServer>,
  ): ToolServer => ({
    server,
    state,
    reached_by: 'npx -y @modelcontextprotocol/server-everything',
    env: [],
    headers: [],
    trusted: false,
    title: null,
    version: null,
    protocol: null,
    tools: null,
    error: null,
    ...more,
  });
  let servers =
    scene === 'empty'
      ? []
      : [
          made('everything', 'connected', { title: 'Everything', version: '2.0.1', tools: 11 }),
          made('library', 'idle', {
            reached_by: 'https://library.example.com/mcp',
            headers: ['Authorization'],
            trusted: true,
          }),
          made('broken', 'failed', {
            reached_by: 'uvx mcp-of-nobody',
            env: ['API_KEY'],
            error: {
              code: 'not_found',
              message: 'uvx cannot be started: no such program',
              hint: 'install it, or give its whole path',
            },
          }),
        ];
  const set = (name: Json | undefined, state: ToolServer['state']) => {
    servers = servers.map((each) =>
      each.server === name ? { ...each, state, error: null } : each,
    );
    return {};
  };
  return {
    'mcp.servers': () => ({ file: '/home/you/.local/share/av-studio/mcp.json', servers }),
    'mcp.tools': ({ server }: Values) => ({
      tools: [
        {
          server,
          name: 'echo',
          title: 'Echo',
          description: 'says what it is told',
          read_only: true,
          destructive: false,
        },
        {
          server,
          name: 'delete_file',
          title: null,
          description: 'deletes a file for good',
          read_only: false,
          destructive: true,
        },
      ],
      problems: [],
    }),
    'mcp.log': () => ({ lines: ['Starting default (STDIO) server...', 'client connected'] }),
    'mcp.add': ({ server, command, url }: Values) => {
      servers = [...servers, made(String(server), 'idle', { reached_by: String(command ?? url) })];
      return {};
    },
    'mcp.import': () => ({ added: ['files', 'search'], skipped: [] }),
    'mcp.remove': ({ server }: Values) => {
      servers = servers.filter((each) => each.server !== server);
      return {};
    },
    'mcp.connect': ({ server }: Values) => set(server, 'connected'),
    'mcp.disconnect': ({ server }: Values) => set(server, 'disabled'),
  };
}
