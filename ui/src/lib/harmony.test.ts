import { expect, test } from 'vitest';
import { chordTones, keyName, noteNames, pitchClass, pretty, scale } from './harmony';

const check = (chord: string, tones: number[]) => expect(chordTones(chord), chord).toEqual(tones);

test('notes and modes', () => {
  expect(pitchClass('C')).toBe(0);
  expect(pitchClass('F#')).toBe(6);
  expect(pitchClass('Cb')).toBe(11);
  expect(pitchClass('H')).toBeNull();
  expect(scale('D', 'dorian')).toEqual([2, 4, 5, 7, 9, 11, 0]);
});

test('notes are spelled as their key writes them', () => {
  expect(noteNames('C', 'dorian')[3]).toBe('E♭');
  expect(noteNames('E', 'aeolian')[6]).toBe('F♯');
  expect(noteNames('G', 'lydian')[1]).toBe('C♯');
  expect(noteNames('F', 'ionian')[10]).toBe('B♭');
  expect(pretty('Bbmaj7')).toBe('B♭maj7');
  expect(pretty('C#m7b5')).toBe('C♯m7b5');
  expect(keyName('A#', 'dorian')).toBe('B♭ Dorian');
  expect(keyName('F#', 'minor')).toBe('F♯ minor');
});

test('chord names', () => {
  check('C', [0, 4, 7]);
  check('Am', [9, 0, 4]);
  check('Am7', [9, 0, 4, 7]);
  check('Fmaj7', [5, 9, 0, 4]);
  check('G7', [7, 11, 2, 5]);
  check('Dsus2', [2, 4, 9]);
  check('Asus4', [9, 2, 4]);
  check('Bdim', [11, 2, 5]);
  check('C#m', [1, 4, 8]);
  check('Cadd9', [0, 4, 7, 2]);
  check('Dm9', [2, 5, 9, 0, 4]);
  check('Fmaj9', [5, 9, 0, 4, 7]);
  check('C/E', [0, 4, 7]);
  check('—', []);
});
