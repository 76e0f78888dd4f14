import { expect, test } from 'vitest';
import { commandFor, type Chord, type Command } from './keys';

const chord = (key: string, held: Partial<Chord> = {}): Chord => ({
  ...{ key, mod: false, shift: false, alt: false },
  ...held,
});

test('the keys of the field', () => {
  const cases: [Chord, Command][] = [
    [chord(' '), 'play'],
    [chord('s'), 'split'],
    [chord('z', { mod: true }), 'undo'],
    [chord('Z', { mod: true, shift: true }), 'redo'],
    [chord('i'), 'rangeFrom'],
    [chord('o'), 'rangeTo'],
    [chord('l'), 'loop'],
    [chord('Delete'), 'delete'],
    [chord('x'), 'cutRange'],
    [chord('x', { mod: true }), 'cut'],
    [chord('d', { mod: true }), 'duplicate'],
    [chord('ArrowLeft'), 'earlier'],
    [chord('a'), 'automation'],
    [chord('a', { mod: true }), 'selectAll'],
    [chord('ArrowRight', { alt: true }), 'pointLater'],
  ];
  for (const [typed, command] of cases) expect(commandFor(typed), typed.key).toBe(command);
});

test('signs count however they are typed', () => {
  expect(commandFor(chord('+', { shift: true }))).toBe('zoomIn');
  expect(commandFor(chord('['))).toBe('trimStart');
  expect(commandFor(chord(']', { mod: true, alt: true }))).toBe('trimEnd');
  expect(commandFor(chord('+', { mod: true })), 'that is the zoom of the window').toBeNull();
});

test('other keys are left alone', () => {
  expect(commandFor(chord('q'))).toBeNull();
  expect(commandFor(chord('s', { mod: true }))).toBeNull();
});
