// Providers, costs and decisions of the paper studio, as operations.

import { StudioError } from '$lib/error';
import type { ApiKey, Json, KeyPlace, ProviderState } from '$lib/types';
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
    'provider.add': async (input: Values) => {
      await new Promise((resolve) => setTimeout(resolve, 900));
      const wrong = refusedServer(input, listed);
      if (wrong) throw new StudioError({ code: 'bad_input', ...wrong });
      if (scene === 'error') throw refusals.offline;
      const id = idOf(input);
      const before = listed.find((each) => each.id === id);
      const key: KeyPlace = input['key'] ? 'keychain' : (before?.key ?? 'unneeded');
      const added = {
        ...(input as unknown as ProviderState),
        id,
        key,
        needs_key: key !== 'unneeded',
        on_this_machine: false,
        added: true,
        models: Array.isArray(input['models']) ? input['models'].length : 3,
      };
      listed = before ? listed.map((each) => (each.id === id ? added : each)) : [...listed, added];
      return added;
    },
    'provider.remove': ({ provider }: Values) => {
      listed = listed.filter(({ id }) => id !== provider);
      return { provider };
    },
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

function idOf({ name }: Values): string {
  if (name === 'Office server') return 'house';
  return String(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
}

/** One refusal for each field, so that they can be looked at. */
function refusedServer(input: Values, listed: ProviderState[]) {
  const { name, base_url, key, models: named } = input;
  const taken = listed.find((each) => each.id === idOf(input));
  if (taken && !taken.added)
    return {
      message: `there is a provider \`${taken.id}\` already`,
      field: '/name',
      hint: 'give the server another name',
    };
  if (String(base_url).includes('nobody'))
    return {
      message: `nobody lists models at ${base_url}`,
      field: '/base_url',
      hint: 'look for the address that clients of OpenAI are given there: it often ends in /v1',
    };
  if (String(key ?? '').includes(' '))
    return { message: `${name} does not take this key`, field: '/key' };
  if (String(base_url).includes('empty') && !named)
    return {
      message: 'the server lists no models',
      field: '/models',
      hint: 'load one there, or name them here',
    };
  return null;
}
