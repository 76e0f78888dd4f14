import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpTransport } from './http';

let server: Server;
let origin: string;

/** What the last request was. */
let asked: { path: string; token: string | undefined; body: string };

async function text(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
}

const answers: Record<string, [status: number, body: unknown]> = {
  '/project/list': [200, { projects: [] }],
  '/movie/render': [202, { job: { id: 'j1', status: 'queued' } }],
  '/audio/loudness': [404, { error: { code: 'not_found', message: 'no such file' } }],
};

beforeAll(async () => {
  server = createServer((request, response) => {
    void text(request).then((body) => {
      asked = { path: request.url ?? '', token: request.headers.authorization, body };
      if (asked.path === '/audio/peaks') return response.end(Buffer.from([1, 2, 3]));
      const [status, answer] = answers[asked.path] ?? [500, {}];
      response.writeHead(status, { 'content-type': 'application/json' });
      return response.end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.close();
});

const transport = () => httpTransport(origin, 'secret');

test('an operation is posted to its path with the key', async () => {
  expect(await transport().call('project.list', {})).toEqual({
    kind: 'done',
    output: { projects: [] },
  });
  expect(asked).toEqual({ path: '/project/list', token: 'Bearer secret', body: '{}' });
});

test('202 is a job', async () => {
  expect(await transport().call('movie.render', { film: 'f' })).toEqual({
    kind: 'job',
    job: { id: 'j1', status: 'queued' },
  });
});

test('bytes come as bytes', async () => {
  const bytes = await transport().callBytes('audio.peaks', {});
  expect([...new Uint8Array(bytes)]).toEqual([1, 2, 3]);
});

test('an error keeps its code', async () => {
  await expect(transport().call('audio.loudness', {})).rejects.toMatchObject({
    code: 'not_found',
    message: 'no such file',
  });
});

test('a studio that is gone is told as such', async () => {
  const gone = httpTransport('http://127.0.0.1:1', '');
  await expect(gone.call('project.list', {})).rejects.toMatchObject({ code: 'network' });
});
