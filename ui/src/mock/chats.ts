// Conversations of the paper studio: they branch, stream and stop like the real ones.
//
// What a message says decides what comes of it: “budget”, “no key”, “offline” and “nobody” are
// refused, “cut” ends at its limit, “break” breaks off, “tools” calls one.

import { StudioError } from '$lib/error';
import type { Chat, Conversation, Draft, Json, ShownMessage, StudioEvent } from '$lib/types';
import { ANSWER, CODE, facts, pieces, SHORT, THOUGHTS } from './answers';
import { refusals } from './decisions';
import { decide, mostOf, models } from './models';
import { said } from './said';

type Kept = Omit<ShownMessage, 'alternatives'>;
type Emit = (event: StudioEvent) => void;
type Values = Record<string, Json>;

const MINUTE = 60_000;
const ago = (minutes: number) => new Date(Date.now() - minutes * MINUTE).toISOString();

let next = 1;
const id = (prefix: string) => `${prefix}${next++}`;

function conversation(
  title: string,
  minutes: number,
  more: Partial<Conversation> = {},
): Conversation {
  const at = ago(minutes);
  return {
    id: id('c'),
    title,
    created_at: at,
    updated_at: at,
    model: null,
    privacy: 'may_leave',
    system: '',
    project: null,
    head: null,
    ...more,
  };
}

/** Everything that was said, and what comes of saying more. */
export function paperChats(scene: string, emit: Emit) {
  const kept = new Map<string, Kept[]>();
  const drafts = new Map<string, Draft>();
  const stopped = new Set<string>();
  let list: Conversation[] = [];

  const of = (named: Json | undefined) => {
    const found = list.find((each) => each.id === named);
    if (!found)
      throw new StudioError({ code: 'not_found', message: 'There is no such conversation.' });
    return found;
  };
  const add = (
    chat: Conversation,
    message: Kept['message'],
    answer: Kept['answer'] = null,
    parent = chat.head,
  ) => {
    const all = kept.get(chat.id) ?? [];
    const made: Kept = {
      id: id('m'),
      parent,
      created_at: new Date().toISOString(),
      message,
      answer,
    };
    kept.set(chat.id, [...all, made]);
    chat.head = made.id;
    return made;
  };
  const says = (text: string) => ({ role: 'assistant' as const, text });

  function branch(chat: Conversation): Kept[] {
    const all = kept.get(chat.id) ?? [];
    const found: Kept[] = [];
    for (let at = chat.head; at;) {
      const message = all.find((each) => each.id === at);
      if (!message) break;
      found.unshift(message);
      at = message.parent;
    }
    return found;
  }

  function show(chat: Conversation): Chat {
    const all = kept.get(chat.id) ?? [];
    const messages = branch(chat).map((message) => ({
      ...message,
      alternatives: all.filter((each) => each.parent === message.parent).map((each) => each.id),
    }));
    return { conversation: { ...chat }, messages, draft: drafts.get(chat.id) ?? null };
  }

  const changed = (chat: Conversation) => emit({ type: 'chat.changed', conversation: chat.id });
  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  async function respond(chat: Conversation, question: Kept, wished: Json | undefined) {
    const words = question.message.role === 'user' ? textOf(question) : '';
    changed(chat);
    await pause(250);
    for (const [word, error] of Object.entries(refusals)) {
      if (words.replace(' ', '').includes(word)) throw error;
    }
    const model = String(
      wished ||
        chat.model ||
        (chat.privacy === 'local_only' ? 'local/qwen3-4b-q4' : 'openai/gpt-5-mini'),
    );
    const draft: Draft = {
      parent: question.id,
      model,
      because: facts(model).because,
      text: '',
      reasoning: '',
    };
    stopped.delete(chat.id);
    const tell = async (change: Partial<Draft>) => {
      drafts.set(chat.id, Object.assign(draft, change));
      emit({ type: 'chat.draft', conversation: chat.id, draft: { ...draft } });
      await pause(scene === 'busy' ? 90 : 24);
      return !stopped.has(chat.id);
    };
    await tell({});
    for (const piece of pieces(words.includes('think') ? THOUGHTS : '')) {
      if (!(await tell({ reasoning: draft.reasoning + piece }))) break;
    }
    const whole =
      words.length > 40 || words.includes('fox') ? ANSWER : words.includes('code') ? CODE : SHORT;
    const limit = words.includes('cut') || words.includes('break') ? 12 : Infinity;
    for (const piece of pieces(whole).slice(0, limit)) {
      if (!(await tell({ text: draft.text + piece }))) break;
    }
    drafts.delete(chat.id);
    const end = stopped.has(chat.id)
      ? 'stopped'
      : words.includes('cut')
        ? 'length'
        : words.includes('break')
          ? 'failed'
          : 'stop';
    const error = end === 'failed' ? 'OpenAI cannot be reached: the connection was closed' : null;
    const made = add(
      chat,
      says(draft.text),
      facts(model, { end, error, reasoning: draft.reasoning }),
      question.id,
    );
    changed(chat);
    return made;
  }

  const textOf = ({ message }: Kept) =>
    message.role === 'user'
      ? message.parts.map((part) => (part.type === 'text' ? part.text : '')).join('\n')
      : message.text;

  if (scene !== 'empty') list = said(scene, { add, conversation });

  return {
    'chat.list': () => ({
      conversations: list
        .map((each) => ({ ...each }))
        .sort((a, b) => b.updated_at.localeCompare(a.updated_at)),
    }),
    'chat.show': ({ conversation }: Values) => show(of(conversation)),
    'chat.create': (input: Values) => {
      const made = conversation('', 0, input as Partial<Conversation>);
      list = [made, ...list];
      return made;
    },
    'chat.update': ({ conversation, ...change }: Values) => {
      const chat = of(conversation);
      for (const key of ['model', 'project'] as const) if (change[key] === '') change[key] = null;
      Object.assign(chat, change);
      changed(chat);
      return chat;
    },
    'chat.delete': ({ conversation }: Values) => {
      const chat = of(conversation);
      list = list.filter((each) => each !== chat);
      return { deleted: chat.id };
    },
    'chat.search': ({ words }: Values) => ({
      found: list.flatMap((chat) =>
        (kept.get(chat.id) ?? [])
          .filter((message) => textOf(message).toLowerCase().includes(String(words).toLowerCase()))
          .map((message) => ({
            conversation: chat.id,
            title: chat.title,
            message: message.id,
            excerpt: excerpt(textOf(message), String(words)),
          })),
      ),
    }),
    'chat.choose_branch': ({ conversation, message }: Values) => {
      const chat = of(conversation);
      const all = kept.get(chat.id) ?? [];
      let end = String(message);
      for (let child; (child = all.findLast((each) => each.parent === end));) end = child.id;
      chat.head = end;
      changed(chat);
      return show(chat);
    },
    'chat.send': async ({ conversation, text, images, after }: Values) => {
      const chat = of(conversation);
      const pictures = (images ?? []) as { media_type: string; data: string }[];
      const parts = [
        { type: 'text' as const, text: String(text) },
        ...pictures.map((image) => ({ type: 'image' as const, ...image })),
      ];
      const parent = after === undefined ? chat.head : after === '' ? null : String(after);
      if (!chat.title) chat.title = String(text).slice(0, 60);
      chat.updated_at = new Date().toISOString();
      const question = add(chat, { role: 'user', parts }, null, parent);
      return { question, answer: await respond(chat, question, undefined) };
    },
    'chat.regenerate': async ({ conversation, message, model }: Values) => {
      const chat = of(conversation);
      const all = kept.get(chat.id) ?? [];
      const named = all.find((each) => each.id === (message ?? chat.head)) as Kept;
      const question =
        named.message.role === 'user'
          ? named
          : (all.find((each) => each.id === named.parent) as Kept);
      return { question: null, answer: await respond(chat, question, model) };
    },
    'chat.stop': ({ conversation }: Values) => {
      stopped.add(String(conversation));
      return { stopped: true };
    },
    'gateway.route': ({ text, request, model, policy, privacy }: Values) => {
      const asked = JSON.stringify(request ?? text ?? '');
      const tokens = 24 + Math.round(asked.length / 4);
      const sees = asked.includes('"image"');
      const decision = decide({
        policy: (policy ?? 'balanced') as never,
        privacy: String(privacy),
        pinned: model ? String(model) : null,
        tokens,
        sees,
      });
      const first = decision.ranked[0] ?? null;
      return {
        model: first?.model ?? null,
        decision,
        reasons: [],
        tokens: { total: tokens, text: tokens, framing: 4, tools: 0, images: 0, exact: false },
        policy: policy ?? 'balanced',
      };
    },
    'gateway.analyze_tokens': ({ request, text, model }: Values) => {
      const found = models.find((each) => each.id === model) ?? models[0];
      const tokens = 24 + Math.round(JSON.stringify(request ?? text).length / 4);
      return {
        model,
        tokens: { total: tokens },
        expected_tokens: tokens,
        context_tokens: found?.context_tokens,
        output_tokens: 8192,
        most_cost: found && (found.price || found.is_free) ? mostOf(found, tokens, 8192) : null,
        price_as_of: '2026-10-02',
      };
    },
  };
}

function excerpt(text: string, words: string): string {
  const at = text.toLowerCase().indexOf(words.toLowerCase());
  const from = Math.max(0, at - 24);
  return `${from > 0 ? '…' : ''}${text.slice(from, at)}[${text.slice(at, at + words.length)}]${text.slice(at + words.length, at + 60)}`;
}
