import { expect, test } from 'vitest';
import { paperSession } from '../../mock/session';
import {
  exportedSentence,
  filesSentence,
  outputIn,
  qualitiesOf,
  rangeOf,
  rangesOf,
} from './exporting';

const selection = { from: 10, to: 20 };
const loop = { from: 5, to: 50 };

test('only ranges that there are can be chosen', () => {
  const names = (places: Parameters<typeof rangesOf>[0]) => rangesOf(places).map((it) => it.value);
  expect(names({ end: 100, selection: null, loop: null })).toEqual(['all']);
  expect(names({ end: 100, selection, loop })).toEqual(['all', 'selection', 'loop']);
});

test('the chosen range is what is exported', () => {
  const places = { end: 100, selection, loop };
  expect(rangeOf('all', places)).toBe(null);
  expect(rangeOf('selection', places)).toBe(selection);
  expect(rangeOf('loop', places)).toBe(loop);
});

test('formats that lose nothing have no quality', () => {
  expect(qualitiesOf('flac')).toEqual([]);
  expect(qualitiesOf('mp3').map(({ value }) => value)).toEqual(['high', 'medium', 'voice']);
  expect(qualitiesOf('m4a')[0]?.value).toBe('lossless');
});

test('it is told how many files there will be, and why there are none', () => {
  const session = paperSession('full');
  expect(filesSentence(session, 'mix').count).toBe(1);
  expect(filesSentence(session, 'tracks').count).toBe(session.tracks.length);
  expect(filesSentence(session, 'regions')).toEqual({
    count: 1,
    sentence: '1 file, one for each region.',
  });
  expect(filesSentence({ ...session, markers: [] }, 'regions').count).toBe(0);
  expect(filesSentence({ ...session, tracks: [] }, 'mix').count).toBe(0);
});

test('warnings are told with what was made', () => {
  const file = { name: 'a', output: { path: 'a.flac', asset: 'a1' }, frames: 1 };
  expect(exportedSentence('Show', { files: [file], warnings: [] })).toBe('Show was exported.');
  expect(exportedSentence('Show', { files: [file, file], warnings: ['Bells is missing.'] })).toBe(
    'Show: 2 files were exported. Bells is missing.',
  );
});

test('a mix goes into a file of the folder, the others into the folder', () => {
  expect(outputIn('/home/you/', 'Night radio', 'mix', 'mp3')).toBe('/home/you/Night radio.mp3');
  expect(outputIn('/home/you', 'Acts 1/2: end?', 'mix', 'flac')).toBe(
    '/home/you/Acts 1 2 end.flac',
  );
  expect(outputIn('/home/you', '???', 'mix', 'wav')).toBe('/home/you/Mix.wav');
  expect(outputIn('/home/you', 'Night radio', 'tracks', 'mp3')).toBe('/home/you');
});
