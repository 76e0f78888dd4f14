import { expect, test } from 'vitest';
import * as f from './format';

test('clocks', () => {
  expect(f.clock(0)).toBe('0:00');
  expect(f.clock(7.9)).toBe('0:07');
  expect(f.clock(725)).toBe('12:05');
  expect(f.clock(3723)).toBe('1:02:03');
  expect(f.clock(-1)).toBe('0:00');
});

test('timecodes count frames, not decimals', () => {
  expect(f.timecode(0, 24)).toBe('00:00:00:00');
  expect(f.timecode(23, 24)).toBe('00:00:00:23');
  expect(f.timecode(24, 24)).toBe('00:00:01:00');
  expect(f.timecode(30, 30_000 / 1001)).toBe('00:00:01:00');
  expect(f.timecode(86_400, 24)).toBe('01:00:00:00');
});

test('spans', () => {
  expect(f.span(0)).toBe('0 s');
  expect(f.span(0.4)).toBe('< 1 s');
  expect(f.span(59.4)).toBe('59 s');
  expect(f.span(60)).toBe('1 min');
  expect(f.span(125)).toBe('2 min 5 s');
  expect(f.span(4800)).toBe('1 h 20 min');
});

test('sizes round up into the next unit', () => {
  expect(f.bytes(0)).toBe('0 B');
  expect(f.bytes(999)).toBe('999 B');
  expect(f.bytes(999_600)).toBe('1.0 MB');
  expect(f.bytes(18_400_000)).toBe('18.4 MB');
  expect(f.bytes(412_000_000)).toBe('412 MB');
});

test('an unknown price is unknown, never free', () => {
  expect(f.money(null)).toBe('unknown');
  expect(f.money(0)).toBe('free');
  expect(f.money(1_250_000)).toBe('$1.25');
  expect(f.money(420)).toBe('$0.0004');
});

test('levels have a true minus sign, and silence has none', () => {
  expect(f.level(-14, 'LUFS')).toBe('−14.0 LUFS');
  expect(f.level(null, 'LUFS')).toBe('—');
  expect(f.level(-0.01, 'dB')).toBe('0.0 dB');
});

test('how long ago', () => {
  const now = new Date('2026-03-12T12:00:00Z');
  const check = (iso: string, text: string) => expect(f.ago(iso, now)).toBe(text);
  check('2026-03-12T11:59:50Z', 'just now');
  check('2026-03-12T11:55:00Z', '5 min ago');
  check('2026-03-12T09:00:00Z', '3 h ago');
  check('2026-03-11T09:00:00Z', 'yesterday');
  check('2026-03-08T12:00:00Z', '4 days ago');
  check('not a date', '');
});

test('sentences begin with a capital, file names stay as they are', () => {
  expect(f.prose('no such file')).toBe('No such file');
  expect(f.prose('jfk.flac: ends early')).toBe('jfk.flac: ends early');
  expect(f.prose('`key` is 5, less than 20')).toBe('“key” is 5, less than 20');
});

test('names of fields and counts', () => {
  expect(f.fieldTitle('duration_secs')).toBe('Duration in seconds');
  expect(f.fieldTitle('bpm')).toBe('BPM');
  expect(f.fieldTitle('sample_rate')).toBe('Sample rate');
  expect(f.count(1, 'shot')).toBe('1 shot');
  expect(f.count(3, 'shot')).toBe('3 shots');
});
