import { beforeEach, expect, test, vi } from 'vitest';
import { tauriTransport } from './tauri';
import type { Drop } from './transport';

const window = vi.hoisted(() => ({
  asked: [] as [name: string, args: unknown][],
  drop: (() => undefined) as (event: { payload: object }) => void,
}));

vi.mock('@tauri-apps/api/core', () => ({
  Channel: Object,
  async invoke(name: string, args: { path: string }) {
    window.asked.push([name, args]);
    if (args.path.includes('gone')) throw { code: 'io', message: 'read /gone.png: not there' };
    return new Uint8Array([1, 2, 3]).buffer;
  },
}));
vi.mock('@tauri-apps/api/webview', () => ({
  getCurrentWebview: () => ({
    async onDragDropEvent(handle: typeof window.drop) {
      window.drop = handle;
      return () => undefined;
    },
  }),
}));
vi.mock('@tauri-apps/plugin-dialog', () => ({ open: () => null }));

beforeEach(() => {
  window.asked = [];
});

function dropped(paths: string[]): Extract<Drop, { phase: 'dropped' }> {
  let found: Drop | null = null;
  tauriTransport().onDrop((drop) => (found = drop));
  window.drop({ payload: { type: 'drop', paths } });
  return found as unknown as Extract<Drop, { phase: 'dropped' }>;
}

test('a drop is imported by its paths, without reading a byte', async () => {
  const drop = dropped(['/a/take.wav']);
  expect(await drop.paths()).toEqual(['/a/take.wav']);
  expect(drop.files).toHaveLength(1);
  expect(window.asked).toEqual([]);
});

test('a drop tells where it was let go, in pixels of the page', () => {
  vi.stubGlobal('devicePixelRatio', 2);
  let found: Drop | null = null;
  tauriTransport().onDrop((drop) => (found = drop));
  window.drop({ payload: { type: 'drop', paths: [], position: { x: 300, y: 80 } } });
  expect(found).toMatchObject({ at: { x: 150, y: 40 } });
  vi.unstubAllGlobals();
});

test('a dropped file is read when it is asked for', async () => {
  const [picture, notes] = dropped(['/a/Cover.JPG', 'C:\\b\\notes.md']).files;
  const file = await picture?.();
  expect(window.asked).toEqual([['dropped_file', { path: '/a/Cover.JPG' }]]);
  expect([file?.name, file?.type, file?.size]).toEqual(['Cover.JPG', 'image/jpeg', 3]);
  const text = await notes?.();
  expect([text?.name, text?.type]).toEqual(['notes.md', '']);
});

test('one that cannot be read leaves the others', async () => {
  const [gone, there] = dropped(['/gone.png', '/a.gif']).files;
  await expect(gone?.()).rejects.toMatchObject({ code: 'io' });
  expect((await there?.())?.type).toBe('image/gif');
});
