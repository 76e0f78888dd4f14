// Text on the clipboard, also where a web view keeps the modern way for itself.

import { toasts } from './store/toasts.svelte';

/** Copies, then says what was copied. */
export async function copyText(text: string, said: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyBySelection(text)) {
      toasts.error('The clipboard cannot be reached.');
      return;
    }
  }
  toasts.done(said);
}

function copyBySelection(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'unseen';
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  return done;
}
