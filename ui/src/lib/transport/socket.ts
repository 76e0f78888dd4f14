// Events over a WebSocket that is opened anew when it breaks.

import type { StudioEvent } from '../types';

/** Pause before the next try; doubles up to the last. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;

/**
 * Resolves once the first connection stands, with `null` if it does not; later breaks end in `onGap`
 * after reconnecting.
 */
export function follow(
  address: string,
  onEvent: (event: StudioEvent) => void,
  onGap: () => void,
): Promise<(() => void) | null> {
  let socket: WebSocket;
  let closed = false;
  let pause = FIRST_PAUSE_MS;

  const stop = () => {
    closed = true;
    socket.close();
  };

  return new Promise((resolve) => {
    let opened = false;
    const connect = () => {
      socket = new WebSocket(address);
      socket.onopen = () => {
        pause = FIRST_PAUSE_MS;
        if (opened) onGap();
        opened = true;
        resolve(stop);
      };
      socket.onmessage = ({ data }) => onEvent(JSON.parse(String(data)) as StudioEvent);
      socket.onclose = () => {
        if (closed) return;
        if (!opened) return resolve(null);
        setTimeout(connect, pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      };
    };
    connect();
  });
}
