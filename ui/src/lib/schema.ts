// Forms from JSON Schemas: a flat list of fields, the values that people type, and the input back.

import { plain } from './format';
import type { Json } from './types';

export type FieldKind = 'text' | 'number' | 'integer' | 'boolean' | 'choice' | 'json';

export interface Field {
  name: string;
  kind: FieldKind;
  required: boolean;
  description: string;
  default: Json | undefined;
  minimum: number | null;
  maximum: number | null;
  choices: string[];
}

/** What the form holds: text as typed, or a tick. */
export type Values = Record<string, string | boolean>;

type Node = { [key: string]: Json };

export function fieldsOf(schema: Json): Field[] {
  const root = node(schema);
  const properties = node(root['properties']);
  const required = list(root['required']);
  return Object.entries(properties)
    .map(([name, raw]) => fieldOf(name, node(raw), root, required.includes(name)))
    .sort((a, b) => Number(b.required) - Number(a.required));
}

export function initialValues(fields: Field[], known: Values = {}): Values {
  const values: Values = {};
  for (const field of fields) values[field.name] = known[field.name] ?? blank(field);
  return values;
}

/** The operation's input, or the first reason by field why there is none. */
export function inputFrom(
  fields: Field[],
  values: Values,
): { input: { [key: string]: Json } } | { errors: Record<string, string> } {
  const input: { [key: string]: Json } = {};
  const errors: Record<string, string> = {};
  for (const field of fields) {
    const value = values[field.name];
    if (value === undefined || value === '') {
      if (field.required) errors[field.name] = 'This is needed.';
      continue;
    }
    const read = readField(field, value);
    if ('error' in read) errors[field.name] = read.error;
    else if (field.required || read.value !== field.default) input[field.name] = read.value;
  }
  return Object.keys(errors).length > 0 ? { errors } : { input };
}

/** `1 to 20`, `at least 5`, or nothing. */
export function rangeText(minimum: number | null, maximum: number | null): string {
  if (minimum !== null && maximum !== null) return `${plain(minimum)} to ${plain(maximum)}`;
  if (minimum !== null) return `at least ${plain(minimum)}`;
  return maximum !== null ? `at most ${plain(maximum)}` : '';
}

function fieldOf(name: string, raw: Node, root: Node, required: boolean): Field {
  const schema = resolve(raw, root);
  return {
    name,
    required,
    kind: kindOf(schema),
    description: text(raw['description']) || text(schema['description']),
    default: raw['default'] ?? schema['default'],
    minimum: number(schema['minimum']) ?? number(schema['exclusiveMinimum']),
    maximum: number(schema['maximum']) ?? number(schema['exclusiveMaximum']),
    choices: choicesOf(schema),
  };
}

function kindOf(schema: Node): FieldKind {
  if (choicesOf(schema).length > 0) return 'choice';
  const types = [schema['type']].flat().filter((type) => type !== 'null');
  switch (types[0]) {
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
    case 'boolean':
      return types[0];
    default:
      return 'json';
  }
}

/** Follows `$ref` and drops the `null` of an optional field. */
function resolve(schema: Node, root: Node): Node {
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    const target = reference
      .replace(/^#\//, '')
      .split('/')
      .reduce<Json>((at, step) => node(at)[step] ?? {}, root);
    return { ...resolve(node(target), root), ...without(schema, '$ref') };
  }
  const options = list(schema['anyOf']).map(node);
  const real = options.filter((option) => option['type'] !== 'null');
  if (options.length > real.length && real.length === 1) {
    return { ...resolve(real[0] ?? {}, root), ...without(schema, 'anyOf') };
  }
  return schema;
}

function choicesOf(schema: Node): string[] {
  const constants = list(schema['oneOf']).map((option) => node(option)['const']);
  const values = constants.length > 0 ? constants : list(schema['enum']);
  return values.filter((value): value is string => typeof value === 'string');
}

function readField(field: Field, value: string | boolean): { value: Json } | { error: string } {
  switch (field.kind) {
    case 'number':
    case 'integer':
      return readNumber(field, String(value));
    case 'json':
      return readJson(String(value));
    default:
      return { value };
  }
}

function readNumber(field: Field, typed: string): { value: Json } | { error: string } {
  const value = Number(typed.trim().replace('−', '-').replace(',', '.'));
  if (!Number.isFinite(value)) return { error: 'This must be a number.' };
  if (field.kind === 'integer' && !Number.isInteger(value)) {
    return { error: 'This must be a whole number.' };
  }
  const { minimum, maximum } = field;
  if ((minimum !== null && value < minimum) || (maximum !== null && value > maximum)) {
    return { error: `This must be ${rangeText(minimum, maximum)}.` };
  }
  return { value };
}

function readJson(value: string): { value: Json } | { error: string } {
  try {
    return { value: JSON.parse(value) as Json };
  } catch {
    return { error: 'This is not complete: check brackets and quotes.' };
  }
}

function blank(field: Field): string | boolean {
  if (field.kind === 'boolean') return field.default === true;
  const value = field.default;
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function without(schema: Node, key: string): Node {
  return Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key));
}

function node(value: Json | undefined): Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function list(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function number(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null;
}
