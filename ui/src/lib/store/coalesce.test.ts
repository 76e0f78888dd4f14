import { expect, test } from 'vitest';
import { coalesced } from './coalesce';

test('a burst of asks costs two reads, and the last ask sees the last fact', async () => {
  let fact = 0;
  const seen: number[] = [];
  const ask = coalesced(async () => {
    await Promise.resolve();
    seen.push(fact);
  });
  const asks = [1, 2, 3, 4].map((value) => {
    fact = value;
    return ask();
  });
  await Promise.all(asks);
  expect(seen).toEqual([4, 4]);
});

test('after a failure it reads again', async () => {
  let fails = true;
  const ask = coalesced(async () => {
    if (fails) throw new Error('gone');
  });
  await expect(ask()).rejects.toThrow('gone');
  fails = false;
  await expect(ask()).resolves.toBeUndefined();
});
