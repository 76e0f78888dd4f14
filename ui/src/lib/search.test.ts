import { expect, test } from 'vitest';
import { search } from './search';

const names = ['Measure loudness', 'Normalise loudness', 'Load a plan', 'Film'];
const find = (query: string) => search(query, names, (name) => name);

test('words may be cut short and stand in any order', () => {
  expect(find('loud mea')).toEqual(['Measure loudness']);
  expect(find('lo')).toEqual(['Load a plan', 'Measure loudness', 'Normalise loudness']);
});

test('nothing typed finds everything, nonsense nothing', () => {
  expect(find('')).toEqual(names);
  expect(find('xyz')).toEqual([]);
});
