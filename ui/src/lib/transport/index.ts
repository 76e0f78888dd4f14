// Chooses the transport for where the page runs.

import { httpTransport } from './http';
import { tauriTransport } from './tauri';
import type { Transport } from './transport';

export type { Answer, Drop, Filter, Transport } from './transport';

export async function connect(): Promise<Transport> {
  if ('__TAURI_INTERNALS__' in window) return tauriTransport();
  if (import.meta.env.DEV) {
    const scene = new URLSearchParams(location.search).get('mock');
    if (scene !== null) return (await import('../../mock/transport')).mockTransport(scene);
  }
  return httpTransport(location.origin, takeToken());
}

/** The key comes in the fragment, so that it reaches no log; a reload finds it in the tab's memory. */
function takeToken(): string {
  const found = /^#token=([^&]+)/.exec(location.hash)?.[1];
  if (found) {
    sessionStorage.setItem('token', found);
    history.replaceState(null, '', `${location.pathname}${location.search}`);
  }
  return sessionStorage.getItem('token') ?? '';
}
