// Conversations that the paper studio begins with.

import type { Conversation, ShownMessage } from '$lib/types';
import { ANSWER, facts, SHORT, THOUGHTS } from './answers';
import { PICTURE } from './pictures';

type Kept = Omit<ShownMessage, 'alternatives'>;

interface Kit {
  conversation: (title: string, minutes: number, more?: Partial<Conversation>) => Conversation;
  add: (
    chat: Conversation,
    message: Kept['message'],
    answer?: Kept['answer'],
    parent?: string | null,
  ) => Kept;
}

const user = (text: string) => ({
  role: 'user' as const,
  parts: [{ type: 'text' as const, text }],
});
const says = (text: string) => ({ role: 'assistant' as const, text });

export function said(scene: string, { add, conversation }: Kit): Conversation[] {
  const first = conversation('What do foxes eat?', 6, {
    system: 'Answer as a patient biologist, in short sentences.',
    project: 'p1',
  });
  const asked = add(
    first,
    user('What do foxes eat over a year? Please show the seasons, and a little code.'),
  );
  add(first, says(SHORT), facts('openai/gpt-5'), asked.id);
  add(
    first,
    says(ANSWER),
    facts('openai/gpt-5-mini', {
      reasoning: THOUGHTS,
      warnings: ['$1.7423 of today’s limit of $2.0000 is spent or set aside.'],
    }),
    asked.id,
  );
  add(first, {
    role: 'user',
    parts: [
      {
        type: 'text',
        text: 'And how often do they succeed? This is the one I saw.\n<file name="notes.txt">\nSeen at dusk, near the old mill.\nThree dives, one mouse.\n</file>',
      },
      { type: 'image', media_type: 'image/svg+xml', data: PICTURE },
    ],
  });
  add(
    first,
    says(SHORT),
    facts('local/qwen3-4b-q4', {
      cost: 0,
      tokens_per_sec: 38.2,
      because: 'It answered before in this conversation.',
    }),
  );
  const tools = conversation('Normalise last night’s takes', 55, { model: 'openai/gpt-5' });
  add(tools, user('Measure the evening take and bring it to −16 LUFS.'));
  add(
    tools,
    {
      role: 'assistant',
      text: 'First I measure it.',
      tool_calls: [
        {
          id: 't1',
          name: 'audio_loudness',
          arguments: { project: 'Night radio', asset: 'Evening take.flac' },
        },
        {
          id: 't2',
          name: 'web_search',
          arguments: { query: 'podcast loudness target', limit: 3 },
        },
      ],
    },
    facts('openai/gpt-5', { end: 'tool_calls' }),
  );
  add(tools, {
    role: 'tool',
    call: 't1',
    text: '{"integrated_lufs":-19.3,"range_lu":6.4,"true_peak_dbtp":-0.6,"duration_secs":245.76}',
  });
  add(tools, {
    role: 'tool',
    call: 't2',
    text: 'Error: the server “search” did not answer within 30 s',
  });
  add(
    tools,
    {
      role: 'assistant',
      text: 'It lies at −19.3 LUFS. Now I bring it up.',
      tool_calls: [
        {
          id: 't3',
          name: 'audio_normalize',
          arguments: {
            asset: 'Evening take.flac',
            target_lufs: -16,
            ceiling_dbtp: -1,
            tags: { title: 'Evening take', artist: 'A. Marlowe' },
          },
        },
      ],
    },
    facts('openai/gpt-5', { end: 'tool_calls' }),
  );
  const cut = conversation('A long story that was cut', 60 * 30, { privacy: 'local_only' });
  add(cut, user('Tell me a long story'));
  add(
    cut,
    says('Once upon a time there was a lighthouse whose lamp had been'),
    facts('local/qwen3-4b-q4', { end: 'length', cost: 0 }),
  );
  add(cut, user('Go on from where you stopped.'));
  add(
    cut,
    says('turned away from the sea'),
    facts('openai/gpt-5', {
      end: 'failed',
      cost: null,
      error: 'OpenAI cannot be reached: the connection was closed',
    }),
  );
  const asking = conversation('A question that nobody answered', 60 * 24 * 3);
  add(asking, user('Is anybody there?'));
  const list = [
    first,
    tools,
    cut,
    asking,
    ...[
      'Score for the tram scene, slow and low',
      'Which microphone for rain',
      'Untangle the mix bus',
      'A title for episode 41',
    ].map((title, i) => conversation(title, 60 * 24 * (5 + i * 12))),
  ];
  return scene === 'long' ? [fillLong({ add, conversation }), ...list] : list;
}

function fillLong({ add, conversation }: Kit): Conversation {
  const long = conversation('A thousand messages', 2);
  for (let i = 0; i < 500; i += 1) {
    add(long, user(`Question ${i + 1}: and then?`));
    add(long, says(i % 4 === 0 ? ANSWER : `Answer ${i + 1}. ${SHORT}`), facts('openai/gpt-5-mini'));
  }
  return long;
}
