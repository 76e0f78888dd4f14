import { expect, test } from 'vitest';
import { fieldsOf, initialValues, inputFrom, type Values } from './schema';
import type { Json } from './types';

// As schemars writes them: references, `anyOf` with null, constants with descriptions.
const schema: Json = {
  type: 'object',
  properties: {
    format: { $ref: '#/$defs/Format', description: 'How it is stored.' },
    target_lufs: { type: 'number', minimum: -70, maximum: -5, default: -14 },
    shots: { anyOf: [{ type: 'integer', minimum: 1, maximum: 20 }, { type: 'null' }] },
    output: { type: ['string', 'null'] },
    reseed: { type: 'boolean', default: false },
    path: { type: 'string' },
    plan: { type: 'object' },
  },
  required: ['path', 'format'],
  $defs: {
    Format: { oneOf: [{ const: 'wav' }, { const: 'flac' }] },
  },
};
const fields = fieldsOf(schema);

function read(values: Values) {
  return inputFrom(fields, {
    ...initialValues(fields),
    path: '/music/a.wav',
    format: 'wav',
    ...values,
  });
}

test('each field gets the control that fits its type', () => {
  expect(Object.fromEntries(fields.map(({ name, kind }) => [name, kind]))).toEqual({
    format: 'choice',
    target_lufs: 'number',
    shots: 'integer',
    output: 'text',
    reseed: 'boolean',
    path: 'text',
    plan: 'json',
  });
});

test('needed fields come first, and choices are told', () => {
  expect(fields.slice(0, 2).map(({ name }) => name)).toEqual(['format', 'path']);
  expect(fields[0]).toMatchObject({ choices: ['wav', 'flac'], description: 'How it is stored.' });
});

test('only what was changed is sent', () => {
  expect(read({})).toEqual({ input: { format: 'wav', path: '/music/a.wav' } });
  expect(read({ target_lufs: '−16', reseed: true, shots: '6' })).toEqual({
    input: {
      format: 'wav',
      path: '/music/a.wav',
      target_lufs: -16,
      reseed: true,
      shots: 6,
    },
  });
});

test('what is missing or wrong is told at its field', () => {
  expect(read({ path: '', target_lufs: '3', shots: '1.5', plan: '{' })).toEqual({
    errors: {
      path: 'This is needed.',
      target_lufs: 'This must be −70 to −5.',
      shots: 'This must be a whole number.',
      plan: 'This is not complete: check brackets and quotes.',
    },
  });
  expect(read({ target_lufs: 'loud' })).toEqual({
    errors: { target_lufs: 'This must be a number.' },
  });
});

test('known values and defaults fill the form', () => {
  expect(initialValues(fields, { format: 'flac' })).toMatchObject({
    format: 'flac',
    target_lufs: '-14',
    shots: '',
    reseed: false,
  });
});
