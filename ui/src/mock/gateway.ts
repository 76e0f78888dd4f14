// Providers, costs and decisions of the paper studio, as operations.

import { StudioError } from '$lib/error';
import type { ApiKey, Json, KeyPlace } from '$lib/types';
import { costs } from './costs';
import { decisions, refusals } from './decisions';
import { models, providers } from './models';

type Values = Record<string, Json>;

export function paperGateway(scene: string) {
  const empty = scene === 'empty';
  let listed = providers;
  const keep = (id: Json | undefined, key: KeyPlace) => {
    listed = listed.map((each) => (each.id === id ? { ...each, key } : each));
    return listed.find((each) => each.id === id);
  };
  const here = new Date(Date.now() - 9e8).toISOString();
  let keys: ApiKey[] = [
    {
      id: 'k1',
      name: 'Editor’s laptop',
      scopes: ['read', 'models'],
      created_at: here,
      expires_at: null,
      revoked_at: null,
      requests_per_minute: 60,
      budget: 5_000_000,
    },
    {
      id: 'k2',
      name: 'Old script',
      scopes: ['read'],
      created_at: here,
      expires_at: null,
      revoked_at: here,
      requests_per_minute: null,
      budget: null,
    },
  ];
  return {
    'gateway.models': () => ({
      models: empty ? models.map((model) => ({ ...model, readiness: 'missing' as const })) : models,
      problem:
        scene === 'error' ? 'models.yaml, line 12: `context_tokens` must be a whole number' : null,
    }),
    'gateway.cost': () => costs(empty),
    'gateway.decisions': ({ limit }: Values) => ({
      decisions: empty ? [] : decisions.slice(0, Number(limit ?? 50)),
    }),
    'gateway.replay': ({ policy }: Values) => ({
      replayed: 228,
      changed: policy === 'balanced' ? 41 : 163,
      cost: 18_406_900,
      would_cost: policy === 'best' ? 41_220_000 : policy === 'local_only' ? 0 : 6_318_200,
      unknown: policy === 'local_only' ? 17 : 0,
      models: [
        { model: 'local/qwen3-4b-q4', answers: 120 },
        { model: 'openai/gpt-5-mini', answers: 91 },
      ],
    }),
    'provider.list': () => ({ providers: listed }),
    'provider.set_key': ({ provider, key }: Values) => {
      if (String(key).includes(' ')) {
        throw new StudioError({
          code: 'bad_input',
          message: 'a key has letters, digits and signs only, no spaces',
          field: '/key',
          hint: 'copy it again, whole',
        });
      }
      return keep(provider, 'keychain');
    },
    'provider.remove_key': ({ provider }: Values) => keep(provider, 'missing'),
    'provider.test': async ({ provider }: Values) => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      if (provider === 'anthropic') throw refusals.nokey;
      if (scene === 'error') throw refusals.offline;
      return { provider, models: 12, took_ms: 214 };
    },
    'keys.list': () => ({ keys: empty ? [] : keys }),
    'keys.create': (input: Values) => {
      const made = {
        ...(keys[0] as ApiKey),
        ...input,
        id: `k${keys.length + 1}`,
        created_at: new Date().toISOString(),
        expires_at: null,
        revoked_at: null,
      } as ApiKey;
      keys = [made, ...keys];
      return { ...made, secret: 'avs_7f3kq0Zx5m2VJc8RwTn4bYp1' };
    },
    'keys.revoke': ({ key }: Values) => {
      keys = keys.map((each) =>
        each.id === key ? { ...each, revoked_at: new Date().toISOString() } : each,
      );
      return keys.find((each) => each.id === key);
    },
  };
}
