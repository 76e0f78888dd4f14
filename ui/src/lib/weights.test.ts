import { expect, test } from 'vitest';
import type { LoadedModel, LocalModel, RepoFile } from './types';
import {
  choicesOf,
  countText,
  leftBytes,
  noRoom,
  phaseText,
  shownModels,
  sizeText,
  stageText,
  tooLarge,
} from './weights';

const model = (more: Partial<LocalModel>) =>
  ({
    id: 'local/a',
    name: 'A',
    repo: 'o/a',
    state: 'available',
    bytes: 600e6,
    here_bytes: 0,
    memory_bytes: 1.2e9,
    context_tokens: 41_000,
    capabilities: ['tools'],
    ...more,
  }) as LocalModel;

test('what is here comes first, then the smallest', () => {
  const list = [
    model({ id: 'd', state: 'unsupported' }),
    model({ id: 'c', bytes: 9e9 }),
    model({ id: 'b' }),
    model({ id: 'a', state: 'installed', bytes: 20e9 }),
  ];
  expect(shownModels(list, '').map(({ id }) => id)).toEqual(['a', 'b', 'c', 'd']);
});

test('size, memory and room are told before anything is fetched', () => {
  expect(sizeText(model({}))).toBe('600 MB · needs about 1.2 GB of memory · 41 k tokens · tools');
  expect(leftBytes(model({ here_bytes: 200e6 }))).toBe(400e6);
  expect(noRoom(400e6, 300e6)).toBe('It needs 400 MB, and 300 MB are free on the disk.');
  expect(noRoom(400e6, null)).toBeNull();
});

test('memory is told against what models may take', () => {
  expect(tooLarge(model({}), 8e9)).toBeNull();
  expect(tooLarge(model({ memory_bytes: 43e9 }), 8e9)).toBe(
    'Needs about 43.0 GB of memory, and models may take 8.0 GB',
  );
  const loaded = { phase: 'reading', fraction: 0.4, waiting: 2 } as LoadedModel;
  expect(phaseText(loaded)).toBe('Reading, 40 %, 2 waiting');
  expect(phaseText({ ...loaded, phase: 'ready', fraction: null, waiting: 0 })).toBe('In memory');
});

test('a download tells how much and how fast', () => {
  expect(stageText('Downloading a.gguf: 12 of 640 MB, 31.4 MB/s')).toBe('12 of 640 MB, 31.4 MB/s');
  expect(stageText('Asking huggingface.co for Qwen3')).toBe('Asking huggingface.co for Qwen3');
});

test('a model in pieces is one choice', () => {
  const file = (path: string, bytes: number): RepoFile => ({
    path,
    bytes,
    sha256: null,
    is_here: false,
  });
  const choices = choicesOf([
    file('README.md', 5),
    file('big-00002-of-00002.gguf', 40),
    file('big-00001-of-00002.gguf', 50),
    file('small.gguf', 10),
  ]);
  expect(choices.map(({ name, bytes }) => [name, bytes])).toEqual([
    ['small.gguf', 10],
    ['big.gguf', 90],
  ]);
  expect(choices[1]?.files).toEqual(['big-00001-of-00002.gguf', 'big-00002-of-00002.gguf']);
  expect([countText(812), countText(12_400), countText(2_100_000)]).toEqual([
    '812',
    '12.4 k',
    '2.1 M',
  ]);
});
