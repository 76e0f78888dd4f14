// Opens the form of any operation, from the palette or from a page.

import type { Values } from '$lib/schema';
import { registry } from '$lib/store/operations.svelte';
import { attempt } from '$lib/store/toasts.svelte';
import { layers } from './ui.svelte';

/** `known` fills fields of the form in advance. */
export async function openOperation(name: string, known: Values = {}): Promise<void> {
  await attempt(registry.load());
  const operation = registry.list.find((each) => each.name === name);
  if (operation) layers.operation = { operation, known };
}
