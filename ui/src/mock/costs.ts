// What the paper studio spent.

import type { CostReport } from '$lib/types';

const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);

export function costs(empty: boolean): CostReport {
  const total = (name: string, cost: number, requests: number) => ({
    name,
    cost,
    requests,
    unpriced: 0,
    cached_tokens: requests * 512,
    input_tokens: requests * 2140,
    output_tokens: requests * 516,
  });
  const limits = { limit: 2_000_000, warn_at: 1_600_000 };
  return {
    today: empty ? 0 : 1_742_300,
    this_month: empty ? 0 : 18_406_900,
    budgets: empty
      ? [{ scope: 'day', name: day(0), taken: 0, limit: 0, warn_at: 0 }]
      : [
          { scope: 'day', name: day(0), taken: 1_742_300, ...limits },
          {
            scope: 'month',
            name: day(0).slice(0, 7),
            taken: 18_406_900,
            limit: 40_000_000,
            warn_at: 32_000_000,
          },
          {
            scope: 'project',
            name: 'Night radio',
            taken: 5_000_000,
            limit: 5_000_000,
            warn_at: 4_000_000,
          },
          {
            scope: 'project',
            name: 'The last tram',
            taken: 420_000,
            limit: 5_000_000,
            warn_at: 4_000_000,
          },
        ],
    by_day: empty
      ? []
      : Array.from({ length: 30 }, (_, i) => i)
          .filter((back) => back % 7 !== 5)
          .map((back) =>
            total(
              day(back),
              Math.round(640_000 * (1 + Math.sin(back * 1.7)) + 60_000),
              9 + (back % 5) * 4,
            ),
          )
          .reverse(),
    by_model: empty
      ? []
      : [
          total('openai/gpt-5', 11_930_000, 214),
          total('anthropic/claude-sonnet-4-5', 4_702_000, 61),
          total('openai/gpt-5-mini', 1_774_900, 402),
          total('house/mixtral-large', 0, 18),
          total('local/qwen3-4b-q4', 0, 377),
          total('', 0, 3),
        ],
    by_key: empty ? [] : [total('k1', 61_200, 44), total('', 18_345_700, 1007)],
    by_project: empty
      ? []
      : [
          total('Night radio', 5_000_000, 120),
          total('The last tram', 420_000, 31),
          total('', 12_986_900, 900),
        ],
  };
}

export function csv(): string {
  const head =
    'time,operation,project,purpose,model,key,reserved_usd,spent_usd,input_tokens,cached_tokens,output_tokens';
  const rows = [
    '2026-11-25T09:00:00Z,chat.send,,"an answer of GPT-5",openai/gpt-5,,0.080000,0.012300,812,0,640',
    '2026-11-25T09:10:00Z,v1.chat,,"an answer of GPT-5 mini",openai/gpt-5-mini,k1,0.010000,0.004100,2000,1500,940',
    '2026-11-25T09:12:00Z,v1.chat,,"an answer of GPT-5 mini",openai/gpt-5-mini,k1,0.010000,,,,',
  ];
  return [head, ...rows, ''].join('\r\n');
}
