// Models and providers of the paper studio, and its router.

import type { Decision, ModelState, Parts, Policy, ProviderState, Reason } from '$lib/types';

type Row = [id: string, name: string, provider: string, context: number, can: string, more: object];

const price = (model: string, input: number, cached: number | null, output: number) => ({
  model,
  as_of: '2026-10-02',
  source: 'https://example.com/pricing',
  input,
  cached,
  output,
});

const rows: Row[] = [
  [
    'local/qwen3-4b-q4',
    'Qwen3 4B',
    'This machine',
    40_960,
    'tools json schema reasoning',
    here(38),
  ],
  ['ollama/gemma3:4b', 'Gemma 3 4B', 'Ollama', 131_072, 'json schema vision', here(22)],
  [
    'ollama/llama3.3:70b',
    'Llama 3.3 70B',
    'Ollama',
    131_072,
    'tools json',
    { ...here(null), readiness: { loadable: 43e9 } },
  ],
  [
    'openai/gpt-5',
    'GPT-5',
    'OpenAI',
    400_000,
    'tools json schema vision reasoning',
    paid(1.25, 0.125, 10, 92),
  ],
  [
    'openai/gpt-5-mini',
    'GPT-5 mini',
    'OpenAI',
    400_000,
    'tools json schema vision reasoning',
    paid(0.25, 0.025, 2, 118),
  ],
  [
    'openai/text-embedding-3-small',
    'Text embedding 3 small',
    'OpenAI',
    8191,
    'embedding',
    paid(0.02, null, 0, null),
  ],
  [
    'anthropic/claude-sonnet-4-5',
    'Claude Sonnet 4.5',
    'Anthropic',
    200_000,
    'tools json vision reasoning',
    { ...paid(3, 0.3, 15, 71), circuit: 'open' },
  ],
  [
    'gemini/gemini-2.5-flash',
    'Gemini 2.5 Flash',
    'Gemini',
    1_048_576,
    'tools json schema vision audio reasoning',
    { ...paid(0.3, 0.075, 2.5, null), readiness: 'missing' },
  ],
  [
    'house/mixtral-large',
    'Mixtral, from the office server',
    'Office server',
    32_768,
    'json',
    { ...paid(0, null, 0, 34), price: null },
  ],
];

function here(speed: number | null) {
  return {
    on_this_machine: true,
    is_free: true,
    price: null,
    tokens_per_sec: speed,
    usual_cost: 0,
  };
}

function paid(input: number, cached: number | null, output: number, speed: number | null) {
  return {
    price: price('', input, cached, output),
    tokens_per_sec: speed,
    usual_cost: Math.round(700 * (input + output)),
  };
}

export const models: ModelState[] = rows.map(([id, name, provider, context, can, more]) => ({
  id,
  name,
  model: id.split('/')[1] ?? id,
  provider,
  context_tokens: context,
  output_tokens: Math.min(context, 32_768),
  capabilities: can.split(' ') as ModelState['capabilities'],
  encoding: 'estimated',
  quality: { chat: 0.8 },
  licence: provider === 'Ollama' ? 'Gemma Terms of Use' : null,
  on_this_machine: false,
  price: null,
  is_free: false,
  readiness: 'ready',
  circuit: 'closed',
  first_token_ms: 420,
  first_token_p95_ms: 910,
  tokens_per_sec: null,
  usual_cost: null,
  ...more,
}));

export const providers: ProviderState[] = [
  ['ollama', 'Ollama', 'ollama', 'http://127.0.0.1:11434', 'unneeded', true],
  ['openai', 'OpenAI', 'openai', 'https://api.openai.com/v1', 'keychain', false],
  [
    'anthropic',
    'Anthropic',
    'anthropic',
    'https://api.anthropic.com',
    { environment: 'ANTHROPIC_API_KEY' },
    false,
  ],
  ['gemini', 'Gemini', 'gemini', 'https://generativelanguage.googleapis.com', 'missing', false],
  [
    'house',
    'Office server',
    'openai',
    'http://models.office.example:8000/v1',
    'encrypted_file',
    false,
  ],
].map(([id, name, protocol, base_url, key, here]) => ({
  id,
  name,
  protocol,
  base_url,
  key,
  needs_key: key !== 'unneeded',
  added: id === 'house',
  is_free: false,
  on_this_machine: here,
  models: models.filter((model) => model.id.startsWith(`${String(id)}/`)).length,
})) as ProviderState[];

const parts: Record<string, Parts> = {
  'local/qwen3-4b-q4': {
    quality: 0.52,
    price: 1,
    latency: 0.41,
    health: 0.99,
    locality: 1,
    readiness: 1,
  },
  'ollama/gemma3:4b': {
    quality: 0.5,
    price: 1,
    latency: 0.3,
    health: 0.98,
    locality: 1,
    readiness: 1,
  },
  'openai/gpt-5': {
    quality: 0.93,
    price: 0.36,
    latency: 0.55,
    health: 0.97,
    locality: 0,
    readiness: 1,
  },
  'openai/gpt-5-mini': {
    quality: 0.84,
    price: 0.72,
    latency: 0.66,
    health: 0.99,
    locality: 0,
    readiness: 1,
  },
};

const excluded: [string, Reason][] = [
  ['anthropic/claude-sonnet-4-5', 'resting'],
  ['gemini/gemini-2.5-flash', 'not_ready'],
  ['house/mixtral-large', 'unknown_price'],
  ['ollama/llama3.3:70b', { memory: { needs: 43e9, free: 18.2e9 } }],
  ['openai/text-embedding-3-small', 'other_task'],
];

const WEIGHTS: Record<string, Parts> = {
  balanced: { quality: 4, price: 3, latency: 2, health: 2, locality: 2, readiness: 1 },
  local_only: { quality: 4, price: 3, latency: 2, health: 2, locality: 2, readiness: 1 },
  cheapest: { quality: 1, price: 20, latency: 1, health: 2, locality: 1, readiness: 1 },
  fastest: { quality: 1, price: 1, latency: 20, health: 2, locality: 0, readiness: 4 },
  best: { quality: 20, price: 0.5, latency: 0.5, health: 2, locality: 0, readiness: 0.5 },
};

interface Wish {
  policy: Policy;
  privacy: string;
  pinned: string | null;
  tokens: number;
  sees: boolean;
}

/** Ranks the paper models as the real router would, from fixed parts. */
export function decide({ policy, privacy, pinned, tokens, sees }: Wish): Decision {
  const weights =
    typeof policy === 'object' ? (policy.custom as Parts) : (WEIGHTS[policy] as Parts);
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0) || 1;
  const stays = privacy === 'local_only' || policy === 'local_only';
  const out: Decision['excluded'] = excluded.map(([model, reason]) => ({ model, reason }));
  const ranked: Decision['ranked'] = [];
  for (const [id, part] of Object.entries(parts)) {
    const model = models.find((each) => each.id === id) as ModelState;
    const keys = Object.keys(part) as (keyof Parts)[];
    const sum = keys.reduce((all, key) => all + part[key] * weights[key], 0);
    if (stays && !model.on_this_machine) out.push({ model: id, reason: 'privacy' });
    else if (sees && !model.capabilities.includes('vision'))
      out.push({ model: id, reason: { lacks: 'vision' } });
    else
      ranked.push({
        model: id,
        score: sum / total,
        parts: part,
        most_cost: mostOf(model, tokens, 800),
      });
  }
  ranked.sort(
    (a, b) => Number(b.model === pinned) - Number(a.model === pinned) || b.score - a.score,
  );
  const [first] = ranked;
  const because =
    first && first.model === pinned
      ? 'It was chosen by hand.'
      : `It ranks first of ${ranked.length} in quality, price and speed together.`;
  return {
    ranked,
    excluded: out.sort((a, b) => a.model.localeCompare(b.model)),
    because: first ? because : `None of ${out.length} models can answer this.`,
  };
}

export function mostOf(model: ModelState, tokens: number, written: number): number {
  return Math.round(tokens * (model.price?.input ?? 0) + written * (model.price?.output ?? 0));
}
