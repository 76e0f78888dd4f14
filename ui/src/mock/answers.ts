// What the paper models say, and what it took.

import type { AnswerFacts } from '$lib/types';
import { models } from './models';

export const ANSWER = `Foxes eat **mice**, berries and eggs, and whatever a season leaves lying about.

1. In winter, mice under the snow: a fox hears them and dives.
2. In autumn, \`berries\` and windfall apples.
3. In spring, eggs, and what the neighbours forgot.

| season | food | share |
|---|---|---:|
| winter | mice | 70 % |
| spring | eggs | 25 % |
| autumn | berries | 45 % |

\`\`\`rust
/// How often a fox dives, per hour.
fn dives(snow_cm: f64) -> Option<u32> {
    let mut found = 0; // mice so far
    for depth in 1..=snow_cm as u32 {
        if depth % 3 == 0 { found += 1; }
    }
    (found > 0).then_some(found)
}
\`\`\`

> “He dives like a pen into ink.”

The energy balance is $E = m g h - k x^2 / 2$, which stays text here. More in the
[field guide](https://example.com/foxes). <script>alert(1)</script> stays text, too.`;

export const SHORT =
  'Yes: about one dive in five ends with a mouse, and more of them when facing north-east.';

export const CODE = `Here is the shell way, and the same in Python:

\`\`\`bash
# every take, louder
for take in *.flac; do
  av-studio audio normalize "$take" --target-lufs -16 && echo "done: $take"
done
\`\`\`

\`\`\`python
from pathlib import Path

def takes(folder: str) -> list[Path]:
    """All takes, oldest first."""
    return sorted(Path(folder).glob("*.flac"), key=lambda p: p.stat().st_mtime)
\`\`\`

\`\`\`json
{ "target_lufs": -16, "ceiling_dbtp": -1.0, "files": ["a.flac", null, true] }
\`\`\``;

export const THOUGHTS = `The question is about diet over a year. I should give the seasons in order,
say where the numbers come from, and keep it short. A table is easier to compare than prose.`;

/** The answer in words that come one after the other. */
export function pieces(text: string): string[] {
  return text.match(/\S+\s*|\s+/g) ?? [];
}

export function facts(model: string, more: Partial<AnswerFacts> = {}): AnswerFacts {
  const free = models.find((each) => each.id === model)?.is_free ?? false;
  return {
    model,
    because: 'It ranks first of 4 in quality, price and speed together.',
    decision: 'd2',
    reasoning: '',
    usage: {
      input_tokens: 812,
      cached_tokens: 512,
      cache_write_tokens: 0,
      output_tokens: 412,
      reasoning_tokens: 0,
    },
    cost: free ? 0 : 4_700,
    first_token_ms: 420,
    tokens_per_sec: 92.4,
    end: 'stop',
    error: null,
    warnings: [],
    ...more,
  };
}
