// Keys, modes and chord names as pitch classes (0 = C … 11 = B), for the ambient page's wheel.

import type { Mode } from './types';

export const KEYS = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B'];

/** Modes from dark to bright, with what they sound like. */
export const MODES: { id: Mode; title: string; character: string }[] = [
  { id: 'phrygian', title: 'Phrygian', character: 'dark, tense' },
  { id: 'aeolian', title: 'Aeolian', character: 'minor, wistful' },
  { id: 'dorian', title: 'Dorian', character: 'minor, hopeful' },
  { id: 'mixolydian', title: 'Mixolydian', character: 'open, warm' },
  { id: 'ionian', title: 'Ionian', character: 'major, settled' },
  { id: 'lydian', title: 'Lydian', character: 'bright, floating' },
];

const STEPS: Record<Mode, number[]> = {
  ionian: [0, 2, 4, 5, 7, 9, 11],
  dorian: [0, 2, 3, 5, 7, 9, 10],
  phrygian: [0, 1, 3, 5, 7, 8, 10],
  lydian: [0, 2, 4, 6, 7, 9, 11],
  mixolydian: [0, 2, 4, 5, 7, 9, 10],
  aeolian: [0, 2, 3, 5, 7, 8, 10],
};

const LETTERS: Record<string, number> = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };

/** Pitch class of a note name such as `F#` or `Bb`; `null` if it is none. */
export function pitchClass(name: string): number | null {
  const [, letter, accidental] = /^([A-G])([#♯b♭]?)/.exec(name) ?? [];
  const natural = letter === undefined ? undefined : LETTERS[letter];
  if (natural === undefined) return null;
  const shift =
    accidental === '' || accidental === undefined ? 0 : /[#♯]/.test(accidental) ? 1 : -1;
  return (natural + shift + 12) % 12;
}

/** Pitch classes of the mode on `key`. */
export function scale(key: string, mode: Mode): number[] {
  const root = pitchClass(key) ?? 0;
  return STEPS[mode].map((step) => (root + step) % 12);
}

const FLATS = ['C', 'D♭', 'D', 'E♭', 'E', 'F', 'G♭', 'G', 'A♭', 'A', 'B♭', 'B'];
/** Major keys with flats in their signature: D♭, E♭, F, A♭ and B♭. */
const FLAT_MAJORS = [1, 3, 5, 8, 10];
/** The degree of the major scale that a mode begins on, in semitones. */
const DEGREE: Record<Mode, number> = {
  ionian: 0,
  dorian: 2,
  phrygian: 4,
  lydian: 5,
  mixolydian: 7,
  aeolian: 9,
};

/** The twelve notes from C on, spelled as the signature of the mode on `key` spells them. */
export function noteNames(key: string, mode: Mode): string[] {
  const major = ((pitchClass(key) ?? 0) - DEGREE[mode] + 12) % 12;
  return FLAT_MAJORS.includes(major) ? FLATS : KEYS.map(pretty);
}

/** A key as musicians write it: `A#` and `dorian` → `B♭ Dorian`. */
export function keyName(key: string, mode: string): string {
  const known = MODES.find(({ id }) => id === mode);
  const tonic = pitchClass(key);
  if (!known || tonic === null) return `${pretty(key)} ${mode}`;
  return `${noteNames(key, known.id)[tonic]} ${known.title}`;
}

/** `Bb` → `B♭`, `F#m7` → `F♯m7`. */
export function pretty(chord: string): string {
  return chord.replace(/([A-G])#/g, '$1♯').replace(/([A-G])b/g, '$1♭');
}

/** Pitch classes of a chord name such as `Am7`, `Fmaj9`, `Dsus2`, `Bdim`; the root comes first. */
export function chordTones(name: string): number[] {
  const root = pitchClass(name);
  if (root === null) return [];
  const quality = name.slice(/^[A-G][#♯b♭]?/.exec(name)?.[0].length ?? 1).split('/')[0] ?? '';
  return intervals(quality).map((interval) => (root + interval) % 12);
}

function intervals(quality: string): number[] {
  const minor = /^(m(?!aj)|min|-)/.test(quality);
  const diminished = /dim|°|b5|♭5/.test(quality);
  const third = /sus2/.test(quality) ? 2 : /sus/.test(quality) ? 5 : minor || diminished ? 3 : 4;
  const fifth = diminished ? 6 : /aug|\+|#5/.test(quality) ? 8 : 7;
  const tones = [0, third, fifth];
  if (/maj(7|9|11|13)|Δ/.test(quality)) tones.push(11);
  else if (/7|9(?<!add9)|11(?<!add11)|13/.test(quality)) tones.push(diminished ? 9 : 10);
  if (/6(?!\/)/.test(quality)) tones.push(9);
  if (/9/.test(quality)) tones.push(2);
  return tones;
}
