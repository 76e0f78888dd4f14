import { beforeEach, expect, test, vi } from 'vitest';
import { attempt, toasts } from './toasts.svelte';

beforeEach(() => {
  vi.useFakeTimers();
  toasts.list = [];
});

test('what was told about something goes when that is closed, the rest stays', async () => {
  const [session, other] = [{}, {}];
  await attempt(Promise.reject(new Error('A sound is missing.')), session);
  await attempt(Promise.reject(new Error('Another sound is missing.')), other);
  await attempt(Promise.reject(new Error('The disk is full.')));
  toasts.closeAbout(session);
  expect(toasts.list.map(({ message }) => message)).toEqual([
    'Another sound is missing.',
    'The disk is full.',
  ]);
});
