// A browser tab: `av-studio serve` over HTTP and a WebSocket; files are uploaded first.

import { fromResponse, unreachable } from '../error';
import type { Job, Json, OperationInfo } from '../types';
import { browserDrops, browserFiles } from './browser';
import { follow } from './socket';
import type { Answer, Transport } from './transport';

export function httpTransport(origin: string, token: string): Transport {
  const request = (path: string, init: RequestInit) => send(`${origin}${path}`, token, init);
  const post = (operation: string, input: object) =>
    request(`/${operation.replace('.', '/')}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
  const upload = async (file: File): Promise<string> => {
    const path = `/uploads?name=${encodeURIComponent(file.name)}`;
    const response = await request(path, { method: 'POST', body: file });
    return ((await response.json()) as { path: string }).path;
  };

  const socket = (path: string) =>
    `${origin.replace(/^http/, 'ws')}${path}?token=${encodeURIComponent(token)}`;

  return {
    picksFolders: false,
    streamAddress: socket('/ws/stream'),
    async call(operation, input): Promise<Answer> {
      const response = await post(operation, input);
      const body = (await response.json()) as Json;
      if (response.status === 202) {
        return { kind: 'job', job: (body as unknown as { job: Job }).job };
      }
      return { kind: 'done', output: body };
    },
    async callBytes(operation, input) {
      return (await post(operation, input)).arrayBuffer();
    },
    async operations() {
      return (await (await request('/operations', {})).json()) as OperationInfo[];
    },
    async subscribe(onEvent, onGap) {
      const stop = await follow(socket('/events'), onEvent, onGap);
      if (stop) return stop;
      // A refused socket does not tell why; a plain request does.
      await request('/operations', {});
      throw unreachable();
    },
    ready: () => undefined,
    launchProject: async () => null,
    async pickFiles(_title, filters) {
      const files = await browserFiles(filters);
      return Promise.all(files.map(upload));
    },
    pickFolder: async () => null,
    onDrop: (handle) => browserDrops(upload, handle),
  };
}

async function send(url: string, token: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers });
  } catch {
    throw unreachable();
  }
  if (!response.ok) throw fromResponse(response.status, await response.text());
  return response;
}
