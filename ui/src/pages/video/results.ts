// What was made, told with a way to it.

import { router } from '$lib/store/route.svelte';
import { toasts } from '$lib/store/toasts.svelte';

/** A film opens in these tools, anything else in its project. */
export function tellMade(
  said: string,
  project: string,
  asset: string | null | undefined,
  page: 'video' | 'project',
) {
  const show = asset ? { label: 'Show', run: () => router.go({ page, project, asset }) } : null;
  toasts.done(said, show);
}

/** Notes of an operation, as sentences behind another. */
export function notes(warnings: string[]): string {
  return warnings
    .map(
      (text) => ` ${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!]$/.test(text) ? '' : '.'}`,
    )
    .join('');
}
