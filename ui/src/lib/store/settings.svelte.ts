// The studio's settings, read anew whenever they change, by whomever.

import type { Json, Setting, SystemInfo } from '../types';
import { appearance } from './appearance.svelte';
import { coalesced } from './coalesce';
import { call, on, onGap } from './connection';
import { quietly } from './toasts.svelte';

class Settings {
  file = $state('');
  list = $state.raw<Setting[]>([]);
  system = $state.raw<SystemInfo | null>(null);
  readonly load = coalesced(async () => {
    const { file, settings } = await call('settings.get', {});
    this.file = file;
    this.list = settings;
    const theme = this.value('appearance.theme');
    if (typeof theme === 'string') appearance.set(theme);
  });

  start() {
    on('settings.changed', () => void quietly(this.load()));
    onGap(() => void quietly(this.load()));
    return this.load();
  }

  value(key: string): unknown {
    return this.list.find((setting) => setting.key === key)?.value;
  }

  /** A sentence of the studio with settings by their titles instead of their keys. */
  spoken(text: string): string {
    return text.replace(/`([a-z_]+\.[a-z_]+)`/g, (whole, key: string) => {
      const title = this.list.find((setting) => setting.key === key)?.title;
      return title ? `“${title}”` : whole;
    });
  }

  async loadSystem() {
    this.system = await call('system.info', {});
  }

  async set(key: string, value: Json) {
    await call('settings.set', { key, value });
    await this.load();
  }

  async reset(key: string) {
    await call('settings.reset', { key });
    await this.load();
  }
}

export const settings = new Settings();
