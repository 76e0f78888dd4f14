// Multitrack sessions of the paper studio: edits as the window foresees them, a transport by the clock.

import { StudioError } from '$lib/error';
import { UNHEARD } from '$lib/loudness';
import { apply, nextId } from '$lib/session/apply';
import { sessionEnd } from '$lib/session/clips';
import type { Edit, Range, Session, Transport, View } from '$lib/session/types';
import type { Json, StudioEvent } from '$lib/types';
import { paperLoudness } from './loudness';
import { paperSession } from './session';

type Input = Record<string, Json>;
type Emit = (event: StudioEvent) => void;

const CLOCK_MS = 40;

interface Open {
  steps: { title: string; session: Session }[];
  at: number;
}

export function paperSessions(scene: string, emit: Emit) {
  const open: Open = { steps: [{ title: 'create', session: paperSession(scene) }], at: 0 };
  const session = () => open.steps[open.at]?.session ?? paperSession(scene);
  const view = (): View => ({
    id: 's1',
    revision: open.at + 1,
    can_undo: open.at > 0,
    can_redo: open.at < open.steps.length - 1,
    undo: open.at > 0 ? (open.steps[open.at]?.title ?? null) : null,
    redo: open.steps[open.at + 1]?.title ?? null,
    updated_at: new Date().toISOString(),
    session: session(),
    missing: scene === 'error' ? { a2: 'Interview, first half.flac is not where it was.' } : {},
  });
  return {
    'session.list': () => ({
      sessions:
        scene === 'empty' ? [] : [summary('s1', session().name), summary('s2', 'Rough cut')],
    }),
    'session.create': () => view(),
    'session.get': () => view(),
    'session.edit': (input: Input) => {
      const edits = input['edits'] as unknown as Edit[];
      if (scene === 'error') throw refusal(edits);
      const next = apply(session(), edits);
      const title = edits.at(-1)?.edit.replaceAll('_', ' ') ?? 'nothing';
      open.steps.splice(open.at + 1, Infinity, {
        title,
        session: { ...next, next_id: nextId(next) },
      });
      open.at += 1;
      return view();
    },
    'session.undo': () => {
      open.at -= 1;
      return view();
    },
    'session.redo': () => {
      open.at += 1;
      return view();
    },
    'session.delete': () => ({ id: 's1' }),
    'session.export': () => ({ files: [], warnings: [] }),
    ...paperTransport(session, emit, scene),
    'session.stop_recording': () => view(),
  };
}

function paperTransport(session: () => Session, emit: Emit, scene: string) {
  let at = 0;
  let timer: ReturnType<typeof setInterval> | undefined;
  let looping: Range | null = null;
  let recording: number | null = null;
  let heard = UNHEARD;
  const measure = () => {
    heard = paperLoudness(at / session().rate);
    emit({ type: 'session.loudness', session: 's1', loudness: heard });
  };
  const state = (): Transport => ({
    ...{ session: 's1', at, playing: timer !== undefined, recording, looping },
    audible: scene !== 'error',
    rate: session().rate,
    loudness: heard,
  });
  const clock = () => {
    const playing = timer !== undefined;
    const level = (n: number): [number, number] =>
      playing
        ? [Math.abs(Math.sin(at / 9000 + n)) * 0.8, Math.abs(Math.cos(at / 7000 + n)) * 0.7]
        : [0, 0];
    const tracks = session().tracks.map(({ id }) => ({ track: id, peak: level(id) }));
    emit({
      type: 'session.clock',
      session: 's1',
      at,
      playing,
      tracks,
      mix: level(0.3),
      input: recording === null ? null : level(2),
    });
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    recording = null;
    clock();
  };
  const play = () => {
    timer ??= setInterval(() => {
      at += Math.round((session().rate * CLOCK_MS) / 1000);
      if (looping && at >= looping.to) at = looping.from;
      if (at >= sessionEnd(session()) && recording === null) return stop();
      measure();
      clock();
    }, CLOCK_MS);
  };
  const answer = (act: () => void) => () => (act(), state());
  return {
    'session.open': state,
    'session.status': state,
    'session.play': answer(play),
    'session.pause': answer(stop),
    'session.seek': (input: Input) => ((at = Number(input['at'])), state()),
    'session.audition': state,
    'session.reset_meter': answer(() => (heard = UNHEARD)),
    'session.scrub': (input: Input) => ((at = Number(input['at'])), state()),
    'session.loop': ({ from, to }: Input) => {
      looping = from === undefined ? null : { from: Number(from), to: Number(to) };
      return state();
    },
    'session.record': ({ track }: Input) => {
      recording = Number(track);
      play();
      return state();
    },
    'session.close': () => (stop(), { session: 's1' }),
  };
}

function summary(id: string, name: string) {
  return { id, name, revision: 1, updated_at: new Date(Date.now() - 5e6).toISOString() };
}

function refusal(edits: Edit[]): StudioError {
  const name = edits[0]?.edit ?? 'edit';
  return new StudioError({
    code: 'bad_input',
    message: `${name}: there is no clip 12; it may have been removed since.`,
    hint: 'Read the session again.',
  });
}
