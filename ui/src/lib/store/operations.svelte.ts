// What the studio can do: its registry, read once.

import type { OperationInfo } from '../types';
import { transport } from './connection';

class Registry {
  list = $state.raw<OperationInfo[]>([]);

  async load() {
    if (this.list.length === 0) this.list = await transport().operations();
  }
}

export const registry = new Registry();
