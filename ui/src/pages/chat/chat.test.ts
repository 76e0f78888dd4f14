import { expect, test } from 'vitest';
import { StudioError } from '$lib/error';
import type { Chat, Conversation, ModelState, Routed, ShownMessage } from '$lib/types';
import { attachmentOf, splitFiles, withFiles } from './attachments';
import { gistOf, resultOf, stateOf } from './calls';
import { grouped, marked } from './dates';
import { failureOf } from './failures';
import { priceText, requestOf, stickyOf } from './forecast';
import { entriesOf } from './picking';
import { isUnanswered, lastOwn, spentOf, spentText, turnsOf } from './turns';

const shown = (id: string, message: object, answer: object | null = null) =>
  ({ id, parent: null, created_at: '', alternatives: [id], message, answer }) as ShownMessage;
const asked = (id: string, text: string) =>
  shown(id, { role: 'user', parts: [{ type: 'text', text }] });

test('what a tool answered stands with its call', () => {
  const call = { id: 'c', name: 'audio_loudness', arguments: { asset: 'a', limit: 3, deep: {} } };
  const turns = turnsOf([
    asked('1', 'measure'),
    shown('2', { role: 'assistant', text: '', tool_calls: [call, { ...call, id: 'd' }] }),
    shown('3', { role: 'tool', call: 'c', text: '{"true_peak_dbtp":-0.6}' }),
  ]);
  expect(turns.map((turn) => turn.shown.id)).toEqual(['1', '2']);
  const [done, waiting] = turns[1]?.calls ?? [];
  expect(done && stateOf(done)).toBe('done');
  expect(waiting && stateOf(waiting)).toBe('waiting');
  expect(done && stateOf({ ...done, result: 'Error: no such file' })).toBe('failed');
  expect(done && gistOf(done)).toBe('asset a, limit 3');
  expect(resultOf('{"true_peak_dbtp":-0.6}').kind).toBe('facts');
  expect(resultOf('{"cut')).toEqual({ kind: 'text', text: '{"cut' });
});

test('a question at the end is unanswered unless somebody is at it', () => {
  const turns = turnsOf([asked('1', 'hello?')]);
  expect(isUnanswered(turns, false)).toBe(true);
  expect(isUnanswered(turns, true)).toBe(false);
  expect(lastOwn(turns)).toBe('1');
  expect(lastOwn([])).toBeNull();
});

test('a branch costs what is known of it, and says what is not', () => {
  const usage = { output_tokens: 5 };
  const answers = [
    { cost: 30_000, usage },
    { cost: null, usage },
  ].map((answer, i) => shown(String(i), { role: 'assistant', text: '' }, answer));
  expect(spentText(spentOf(answers))).toBe('at least $0.03 in this branch');
  expect(spentText(spentOf(answers.slice(1)))).toBe('cost unknown');
  expect(spentText(spentOf([]))).toBe('');
});

test('text files travel in the words and come back out of them', () => {
  const files = [
    { kind: 'text' as const, name: 'a.txt', text: 'one\n<b>two</b>' },
    { kind: 'text' as const, name: 'b.rs', text: '' },
  ];
  expect(splitFiles(withFiles('Look:', files))).toEqual({ words: 'Look:', files });
  expect(splitFiles('no <file> here')).toEqual({ words: 'no <file> here', files: [] });
});

test('files that do not fit are refused with what to do', async () => {
  const text = await attachmentOf(new File(['fn main() {}'], 'main.rs'));
  expect(text).toEqual({ kind: 'text', name: 'main.rs', text: 'fn main() {}' });
  const picture = await attachmentOf(new File(['x'], 'a.png', { type: 'image/png' }));
  expect(picture).toMatchObject({ kind: 'picture', data: btoa('x') });
  for (const [file, said] of [
    [new File(['x'], 'a.zip'), /neither a picture/],
    [new File(['a\0b'], 'a.txt'), /not text/],
    [new File(['x'.repeat(400_001)], 'a.txt'), /larger than 400 kB/],
    [new File(['x'.repeat(8_000_001)], 'a.png', { type: 'image/png' }), /larger than 8 MB/],
  ] as const) {
    await expect(attachmentOf(file)).rejects.toThrow(said);
  }
});

test('conversations stand under the day of their last words', () => {
  const now = new Date(2026, 10, 25, 12);
  const chat = (id: string, at: Date) => ({ id, updated_at: at.toISOString() }) as Conversation;
  const groups = grouped(
    [
      chat('old', new Date(2026, 8, 3)),
      chat('today', new Date(2026, 10, 25, 0, 30)),
      chat('yesterday', new Date(2026, 10, 24, 23, 59)),
      chat('week', new Date(2026, 10, 19)),
      chat('month', new Date(2026, 10, 1)),
    ],
    now,
  );
  expect(groups.map(({ title, list }) => [title, list[0]?.id])).toEqual([
    ['Today', 'today'],
    ['Yesterday', 'yesterday'],
    ['Last 7 days', 'week'],
    ['Last 30 days', 'month'],
    ['September 2026', 'old'],
  ]);
  expect(marked('…a [fox] dives')).toEqual([
    { text: '…a ', hit: false },
    { text: 'fox', hit: true },
    { text: ' dives', hit: false },
  ]);
});

test('each refusal comes with what can be done', () => {
  const said = (code: string, message: string, hint?: string) =>
    failureOf(new StudioError({ code, message, hint: hint ?? null })).remedies[0];
  const over = 'an answer may cost $1, which passes today’s limit of $0.50';
  expect(said('refused', over, 'raise `budget.daily_limit_usd`')).toBe('budget');
  expect(said('refused', 'OpenAI refuses the key: bad')).toBe('providers');
  expect(said('refused', 'OpenAI: the account’s quota is used up')).toBe('model');
  expect(said('network', 'OpenAI cannot be reached: refused')).toBe('again');
  expect(said('unsupported', 'no model can answer')).toBe('providers');
  expect(said('bad_input', 'the conversation is too long for OpenAI')).toBe('shorten');
});

test('a forecast tells the usual price and the most', () => {
  const forecast = (cost: number | null, most: number | null) =>
    priceText({ most, routed: { decision: { ranked: [{ most_cost: cost }] } } as Routed });
  expect(forecast(2400, 17_100)).toBe('for about $0.0024, at most $0.02');
  expect(forecast(0, 0)).toBe('for nothing');
  expect(forecast(0, 90_000)).toBe('for nothing; a fallback may cost $0.09');
  expect(forecast(null, null)).toBe('at a price that nobody knows');
  expect(forecast(2400, null)).toContain('unknown');
});

test('what would be sent holds instructions, the branch and no bytes of pictures', () => {
  const image = { type: 'image', media_type: 'image/png', data: 'x'.repeat(1000) };
  const chat = {
    conversation: { system: 'Be short.' },
    messages: [
      shown('1', { role: 'user', parts: [image] }),
      shown('2', { role: 'assistant', text: 'A fox.' }, { model: 'a/b' }),
    ],
  } as Chat;
  const { messages } = requestOf(chat, 'And?', []);
  expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
  expect(JSON.stringify(messages).length).toBeLessThan(400);
  expect(stickyOf(chat)).toBe('a/b');
});

test('the picker blocks what would break the privacy label', () => {
  const model = (id: string, here: boolean, more: object = {}) =>
    ({
      id,
      name: id,
      provider: 'p',
      on_this_machine: here,
      is_free: here,
      capabilities: [],
      context_tokens: 8000,
      readiness: 'ready',
      price: null,
      ...more,
    }) as unknown as ModelState;
  const list = [
    model('far', false),
    model('near', true),
    model('e', true, { capabilities: ['embedding'] }),
  ];
  const wish = { words: '', auto: true, because: '' };
  const open = entriesOf(list, { ...wish, privacy: 'may_leave' });
  expect(open.map(({ id }) => id)).toEqual(['', 'near', 'far']);
  expect(open.every(({ blocked }) => blocked === null)).toBe(true);
  const closed = entriesOf(list, { ...wish, privacy: 'local_only' });
  expect(closed.find(({ id }) => id === 'far')?.blocked).toMatch(/this machine/);
  expect(entriesOf(list, { ...wish, words: 'nea', privacy: 'may_leave' })[0]?.id).toBe('near');
});
