// Models, providers, what was spent and what was decided: read when a page asks.

import type { CostReport, Input } from '../types';
import type { ApiKey, DecisionRecord, ModelState, ProviderState } from '../types';
import { coalesced } from './coalesce';
import { call } from './connection';
import { attempt } from './toasts.svelte';

/** The log that is read at once: a virtual list shows it. */
const KEPT_DECISIONS = 1000;

class Models {
  list = $state.raw<ModelState[]>([]);
  problem = $state<string | null>(null);
  ready = $state(false);
  providers = $state.raw<ProviderState[]>([]);
  cost = $state.raw<CostReport | null>(null);
  keys = $state.raw<ApiKey[]>([]);
  readonly keyNames = $derived(new Map(this.keys.map(({ id, name }) => [id, name])));
  decisions = $state.raw<DecisionRecord[]>([]);

  readonly load = coalesced(() => this.#read(true));
  /** As `load`, without asking other programs of this machine what they have. */
  readonly look = coalesced(() => this.#read(false));
  readonly loadProviders = coalesced(async () => {
    this.providers = (await call('provider.list', {})).providers;
  });
  readonly loadKeys = coalesced(async () => {
    this.keys = (await call('keys.list', {})).keys;
  });
  readonly loadDecisions = coalesced(async () => {
    this.decisions = (await call('gateway.decisions', { limit: KEPT_DECISIONS })).decisions;
  });

  /** Adds a server of models, or reads the models of one anew. Throws what is wrong. */
  async addServer(input: Input<'provider.add'>): Promise<ProviderState> {
    const added = await call('provider.add', input);
    await this.refresh();
    return added;
  }

  /** Providers and models, after one of either changed. */
  async refresh() {
    await attempt(Promise.all([this.loadProviders(), this.load()]));
  }

  #days = 0;
  async #read(discover: boolean) {
    const { models, problem } = await call('gateway.models', { discover });
    this.list = models;
    this.problem = problem;
    this.ready = true;
  }

  async loadCost(days: number) {
    this.#days = days;
    const cost = await call('gateway.cost', { days });
    if (days === this.#days) this.cost = cost;
  }

  /** Whether any model can answer now. */
  readonly anyReady = $derived(this.list.some((model) => model.readiness !== 'missing'));

  /** A row of the decision log; `null` where it is not there any more. */
  async decision(id: string | null): Promise<DecisionRecord | null> {
    if (!id) return null;
    const known = () => this.decisions.find((record) => record.id === id) ?? null;
    if (!known()) await this.loadDecisions();
    return known();
  }

  name(id: string): string {
    return this.list.find((model) => model.id === id)?.name ?? id;
  }
}

export const models = new Models();
