import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Gesture } from './gesture';

let shown: (number | null)[] = [];
let committed: number[] = [];
let finish: (() => void)[] = [];

function gesture(): Gesture<number> {
  return new Gesture<number>({
    show: (value) => shown.push(value),
    commit: (value) => {
      committed.push(value);
      return new Promise<void>((resolve) => finish.push(resolve));
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  [shown, committed, finish] = [[], [], []];
});
afterEach(() => vi.useRealTimers());

test('a drag is one commit, at its release', async () => {
  const drag = gesture();
  drag.press();
  [1, 2, 3].forEach((value) => drag.move(value));
  await vi.advanceTimersByTimeAsync(5000);
  expect(committed).toEqual([]);
  drag.release();
  expect(committed).toEqual([3]);
  expect(shown).toEqual([1, 2, 3]);
});

test('what is shown stays until the commit is through', async () => {
  const drag = gesture();
  drag.press();
  drag.move(4);
  drag.release();
  expect(shown.at(-1)).toBe(4);
  finish[0]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(shown.at(-1)).toBe(null);
});

test('keys that follow each other are one commit', async () => {
  const keys = gesture();
  keys.move(1);
  await vi.advanceTimersByTimeAsync(300);
  keys.move(2);
  await vi.advanceTimersByTimeAsync(300);
  expect(committed).toEqual([]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(committed).toEqual([2]);
});

test('a press elsewhere ends what keys began', () => {
  const keys = gesture();
  keys.move(7);
  keys.press();
  expect(committed).toEqual([7]);
});

test('a gesture that began before the last was through keeps what it shows', async () => {
  const drag = gesture();
  drag.press();
  drag.move(1);
  drag.release();
  drag.press();
  drag.move(2);
  finish[0]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(shown.at(-1)).toBe(2);
});

test('a click without a move does nothing', () => {
  const drag = gesture();
  drag.press();
  drag.release();
  expect([shown, committed]).toEqual([[], []]);
});

test('undo by keys ends it first, arrows go on with it', () => {
  const target = new EventTarget();
  const keys = gesture();
  const stop = keys.listen(target);
  const press = (key: string) => target.dispatchEvent(Object.assign(new Event('keydown'), { key }));
  keys.move(5);
  press('ArrowUp');
  expect(committed).toEqual([]);
  press('z');
  expect(committed).toEqual([5]);
  keys.move(6);
  stop();
  expect(committed).toEqual([5, 6]);
});

test('a choice from a list is done soon, though its press has no release', async () => {
  const list = Object.assign(new EventTarget(), { tagName: 'SELECT' });
  const choice = gesture();
  choice.listen(list);
  list.dispatchEvent(new Event('pointerdown'));
  choice.move(3);
  await vi.advanceTimersByTimeAsync(1000);
  expect(committed).toEqual([3]);
});
