import { expect, test } from 'vitest';
import type { Edit } from '../session/types';
import { Audition, type Wish } from './audition';

const level = (gain_db: number): Edit => ({ edit: 'set_mix', gain_db });

/** An audition whose calls are answered by hand. */
function played() {
  const sent: Partial<Wish>[] = [];
  const answers: (() => void)[] = [];
  const refusals: (() => void)[] = [];
  const audition = new Audition((wish) => {
    sent.push(wish);
    return new Promise<void>((answer, refuse) => {
      answers.push(answer);
      refusals.push(() => refuse(new Error('it was edited since')));
    });
  });
  const settle = () => new Promise((done) => setTimeout(done));
  const answer = async () => (answers.at(-1)?.(), settle());
  const refuse = async () => (refusals.at(-1)?.(), settle());
  return { audition, sent, answer, refuse };
}

test('while one is under way, only the latest follows', async () => {
  const { audition, sent, answer } = played();
  for (const gain of [-1, -2, -3, -4]) audition.hear([level(gain)], 7);
  expect(sent).toEqual([{ edits: [level(-1)], revision: 7 }]);
  await answer();
  expect(sent.slice(1)).toEqual([{ edits: [level(-4)], revision: 7 }]);
  await answer();
  expect(sent).toHaveLength(2);
});

test('what was heard is taken back once, and nothing where nothing was', async () => {
  const { audition, sent, answer } = played();
  audition.hear([], 7);
  expect(sent).toEqual([]);
  audition.hear([level(-1)], 7);
  audition.hear([], 7);
  audition.hear([], 7);
  await answer();
  await answer();
  expect(sent.slice(1)).toEqual([{}]);
});

test('a refusal does not end it', async () => {
  const { audition, sent, refuse } = played();
  audition.hear([level(-1)], 7);
  await refuse();
  audition.hear([level(-2)], 8);
  expect(sent.at(-1)).toEqual({ edits: [level(-2)], revision: 8 });
});

test('without a session nothing is asked', () => {
  const { audition, sent } = played();
  audition.hear([level(-1)], undefined);
  expect(sent).toEqual([]);
});
