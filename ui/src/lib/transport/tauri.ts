// The window: commands and a channel of events; dialogs and drops of the operating system.

import { Channel, invoke } from '@tauri-apps/api/core';
import { getCurrentWebview } from '@tauri-apps/api/webview';
import { open } from '@tauri-apps/plugin-dialog';
import { toStudioError } from '../error';
import type { OperationInfo, StudioEvent } from '../types';
import { fileOf } from './dropped';
import type { Answer, Drop, Transport } from './transport';

export function tauriTransport(): Transport {
  return {
    picksFolders: true,
    streamAddress: null,
    call: (operation, input) => command<Answer>('call', { operation, input }),
    callBytes: (operation, input) => command<ArrayBuffer>('call_bytes', { operation, input }),
    operations: () => command<OperationInfo[]>('operations', {}),
    async subscribe(onEvent) {
      const channel = new Channel<StudioEvent>();
      channel.onmessage = onEvent;
      await command('subscribe', { channel });
      return () => {
        channel.onmessage = () => undefined;
      };
    },
    ready: () => void command('page_ready', {}),
    async launchProject() {
      return (await command<{ project: string | null }>('launch_options', {})).project;
    },
    async pickFiles(title, filters) {
      return (await open({ title, filters, multiple: true, directory: false })) ?? [];
    },
    pickFolder: (title) => open({ title, multiple: false, directory: true }),
    onDrop(handle) {
      const listening = getCurrentWebview().onDragDropEvent(({ payload }) => {
        const drop = dropOf(payload);
        if (drop) handle(drop);
      });
      return () => void listening.then((stop) => stop());
    },
    async openOutside(url) {
      await command('open_outside', { url });
    },
  };
}

async function command<T>(name: string, args: Record<string, unknown>): Promise<T> {
  try {
    return await invoke<T>(name, args);
  } catch (thrown) {
    throw toStudioError(thrown);
  }
}

async function droppedFile(path: string): Promise<File> {
  return fileOf(path, await command<ArrayBuffer>('dropped_file', { path }));
}

interface Dropping {
  type: string;
  paths?: string[];
  /** In pixels of the screen. */
  position?: { x: number; y: number };
}

function dropOf(payload: Dropping): Drop | null {
  switch (payload.type) {
    case 'enter':
      return { phase: 'over' };
    case 'leave':
      return { phase: 'left' };
    case 'drop': {
      const paths = payload.paths ?? [];
      return {
        phase: 'dropped',
        paths: async () => paths,
        files: paths.map((path) => () => droppedFile(path)),
        at: onPage(payload.position ?? { x: 0, y: 0 }),
      };
    }
    default:
      return null;
  }
}

function onPage({ x, y }: { x: number; y: number }) {
  const scale = globalThis.devicePixelRatio || 1;
  return { x: x / scale, y: y / scale };
}
