// The one transport of this window, and the facts that come through it.

import type { Transport } from '../transport';
import type { Input, Json, OperationName, Output, StudioEvent } from '../types';

type EventType = StudioEvent['type'];
type EventOf<T extends EventType> = Extract<StudioEvent, { type: T }>;

let current: Transport | null = null;
const listeners = new Map<EventType, Set<(event: StudioEvent) => void>>();
const gapListeners = new Set<() => void>();

/** The transport; the shell is only drawn once there is one. */
export function transport(): Transport {
  if (!current) throw new Error('The window is not connected yet.');
  return current;
}

export async function start(found: Transport): Promise<void> {
  current = found;
  const reload = () => gapListeners.forEach((listener) => listener());
  await found.subscribe((event) => {
    if (event.type === 'events.missed') reload();
    else listeners.get(event.type)?.forEach((listener) => listener(event));
  }, reload);
}

export function on<T extends EventType>(
  type: T,
  listener: (event: EventOf<T>) => void,
): () => void {
  const set = listeners.get(type) ?? new Set();
  const plain = listener as (event: StudioEvent) => void;
  set.add(plain);
  listeners.set(type, set);
  return () => void set.delete(plain);
}

/** Events may have been missed: what is shown must be read anew. */
export function onGap(listener: () => void): () => void {
  gapListeners.add(listener);
  return () => void gapListeners.delete(listener);
}

/** Calls an operation that answers at once. */
export async function call<N extends OperationName>(name: N, input: Input<N>): Promise<Output<N>> {
  const answer = await transport().call(name, input);
  if (answer.kind === 'job') throw new Error(`${name} runs as a job.`);
  return answer.output as Output<N>;
}

export function callBytes(operation: string, input: { [key: string]: Json }): Promise<ArrayBuffer> {
  return transport().callBytes(operation, input);
}
