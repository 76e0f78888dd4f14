import { expect, test } from 'vitest';
import { readable, scalar } from './readable';

test('numbers carry the unit that their field names', () => {
  expect(scalar(-14.02, 'integrated_lufs')).toBe('−14.0 LUFS');
  expect(scalar(1_250_000, 'bytes')).toBe('1.3 MB');
  expect(scalar(125, 'duration_secs')).toBe('2 min 5 s');
  expect(scalar(0, 'cost_micro_usd')).toBe('free');
  expect(scalar(3, 'frames')).toBe('3');
  expect(scalar(0.1234567, 'render_load')).toBe('0.123');
});

test('an object becomes facts without empty ones, a list of objects a table', () => {
  expect(readable({ gain_db: 2, path: null, projects: [{ name: 'A', bytes: 5 }] })).toEqual({
    kind: 'facts',
    facts: [
      { name: 'Gain', value: { kind: 'text', text: '2.0 dB' } },
      {
        name: 'Projects',
        value: { kind: 'table', columns: ['Name', 'Bytes'], rows: [['A', '5 B']] },
      },
    ],
  });
});
