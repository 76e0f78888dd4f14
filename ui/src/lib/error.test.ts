import { expect, test } from 'vitest';
import { StudioError, fromResponse, sentences, toStudioError, topField } from './error';

test('the body of an HTTP error becomes the error', () => {
  const body = {
    error: { code: 'bad_input', message: 'no', field: '/shots/2/id', hint: 'count again' },
  };
  const error = fromResponse(422, JSON.stringify(body));
  expect(error).toMatchObject({ code: 'bad_input', message: 'no', hint: 'count again' });
  expect(topField(error)).toBe('shots');
});

test('a rejected command becomes the error', () => {
  expect(toStudioError({ code: 'no_device', message: 'no sound' })).toMatchObject({
    code: 'no_device',
    field: null,
    hint: null,
  });
});

test('a wrong key is told as such', () => {
  expect(fromResponse(401, '')).toMatchObject({ code: 'refused' });
});

test('whatever else goes wrong keeps its words', () => {
  const known = new StudioError({ code: 'io', message: 'disk' });
  expect(toStudioError(known)).toBe(known);
  expect(toStudioError(new TypeError('x is null')).message).toBe('x is null');
  expect(toStudioError('plain words').message).toBe('plain words');
  expect(toStudioError(undefined).message).toBe('Something went wrong.');
  expect(fromResponse(502, '<html>').message).toContain('502');
  expect(topField(known)).toBeNull();
});

test('an error is told in sentences', () => {
  const error = { code: 'io', message: '`a` is no address: empty', hint: 'write it anew' };
  expect(sentences(error)).toBe('“a” is no address: empty. Write it anew.');
  expect(sentences('the disk is full')).toBe('The disk is full.');
  expect(sentences(new Error('Really?'))).toBe('Really?');
});
