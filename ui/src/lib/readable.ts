// Results of any operation as people read them: facts, tables and lists instead of JSON. Pure.

import { bytes, level, money, signed, span, words } from './format';
import type { Json } from './types';

export type Readable =
  | { kind: 'text'; text: string }
  | { kind: 'facts'; facts: { name: string; value: Readable }[] }
  | { kind: 'table'; columns: string[]; rows: string[][] }
  | { kind: 'list'; items: Readable[] };

export function readable(value: Json, key = ''): Readable {
  if (Array.isArray(value)) return readableList(value);
  if (typeof value !== 'object' || value === null)
    return { kind: 'text', text: scalar(value, key) };
  const facts = Object.entries(value)
    .filter(([, inner]) => inner !== null)
    .map(([name, inner]) => ({ name: title(name), value: readable(inner, name) }));
  return { kind: 'facts', facts };
}

/** A single value; the field's name tells its unit. */
export function scalar(value: Json, key: string): string {
  if (value === null) return '—';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return /_at$/.test(key) ? moment(value) : value;
  if (typeof value === 'number') return number(value, key);
  return Array.isArray(value) ? value.map((inner) => scalar(inner, key)).join(', ') : inline(value);
}

function number(value: number, key: string): string {
  if (/(^|_)bytes$/.test(key)) return bytes(value);
  if (/_micro_usd$/.test(key)) return money(value);
  if (/_(lufs|dbtp|dbfs|db|lu)$/.test(key))
    return level(value, UNITS[key.split('_').pop() ?? ''] ?? '');
  if (/(_secs?|^seconds)$/.test(key)) return span(value);
  if (key === 'sample_rate') return `${value} Hz`;
  return signed(Number(value.toPrecision(6)), Number.isInteger(value) ? 0 : decimals(value));
}

const UNITS: Record<string, string> = {
  lufs: 'LUFS',
  dbtp: 'dBTP',
  dbfs: 'dBFS',
  db: 'dB',
  lu: 'LU',
};

function title(key: string): string {
  return words(key.replace(/_(secs?|lufs|dbtp|dbfs|db|lu|micro_usd|at)$/, ''));
}

function decimals(value: number): number {
  return Math.min(3, (String(Number(value.toPrecision(6))).split('.')[1] ?? '').length);
}

function moment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime())
    ? iso
    : date.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'short' });
}

function readableList(values: Json[]): Readable {
  const records = values.filter(isRecord);
  if (records.length === 0 || records.length < values.length) {
    return { kind: 'list', items: values.map((value) => readable(value)) };
  }
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))].filter((key) =>
    records.some((record) => isShort(record[key])),
  );
  return {
    kind: 'table',
    columns: keys.map(title),
    rows: records.map((record) => keys.map((key) => scalar(record[key] ?? null, key))),
  };
}

function isShort(value: Json | undefined): boolean {
  return value !== undefined && value !== null && typeof value !== 'object';
}

function isRecord(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inline(record: { [key: string]: Json }): string {
  return Object.entries(record)
    .map(([key, value]) => `${title(key)} ${scalar(value, key)}`)
    .join(', ');
}
