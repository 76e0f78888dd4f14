// Links that leave the window.

import { copyText } from './clipboard';
import { transport } from './store/connection';

/** A browser opens a new tab by itself; the window asks the system, and copies where that fails. */
export function openOutside(event: MouseEvent, url: string): void {
  const opened = transport().openOutside?.(url);
  if (!opened) return;
  event.preventDefault();
  void opened.catch(() => copyText(url, 'The address was copied: paste it into a browser.'));
}
