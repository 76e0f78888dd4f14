// Every colour, size and duration lives in the tokens; no component grows past 200 lines.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.(svelte|css)$/.test(path) && !path.endsWith('tokens.css'))
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
const tokens = readFileSync(join(root, 'design/tokens.css'), 'utf8');

/** The style sheet of a component, without comments. */
function styles({ path, text }: (typeof files)[number]): string {
  const sheet = path.endsWith('.css') ? text : (/<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '');
  return sheet.replace(/\/\*[\s\S]*?\*\//g, '');
}

test('no style holds a colour, a size or a duration of its own', () => {
  const literal = /#[0-9a-f]{3,8}\b|\b(rgb|hsl|oklch)a?\(|\b\d*\.?\d+(px|rem|em|ms|s|pt)\b/gi;
  for (const file of files) {
    const found = styles(file).match(literal) ?? [];
    expect(found, `${file.path} should use tokens instead`).toEqual([]);
  }
});

test('every token that is used exists', () => {
  const known = new Set([...tokens.matchAll(/(--[\w-]+):/g)].map(([, name]) => name));
  for (const file of files) {
    const own = new Set([...file.text.matchAll(/(--[\w-]+)[:=]/g)].map(([, name]) => name));
    for (const [, name] of styles(file).matchAll(/var\((--[\w-]+)/g)) {
      expect(known.has(name) || own.has(name), `${file.path} uses ${name}`).toBe(true);
    }
  }
});

test('light names every colour that dark names', () => {
  const [dark = '', light = ''] = tokens.split("[data-scheme='light']");
  const colours = (text: string) =>
    [...text.matchAll(/(--[\w-]+): (#|rgb|0 12px)/g)].map(([, name]) => name);
  const onScreen = ['--screen', '--scrim', '--on-screen'];
  expect(colours(light).sort()).toEqual(
    colours(dark)
      .filter((name) => !onScreen.includes(name ?? ''))
      .sort(),
  );
});

test('a component has at most 200 lines', () => {
  for (const { path, text } of files.filter((file) => file.path.endsWith('.svelte'))) {
    expect(text.split('\n').length, path).toBeLessThanOrEqual(200);
  }
});

/** Relative luminance and contrast as WCAG 2.2 defines them. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [one, other].map(luminance).sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

test('text can be read in both schemes (WCAG AA: 4.5, and 3 for fields and focus)', () => {
  const [base = '', over = ''] = tokens.split("[data-scheme='light']");
  const colours = (text: string) =>
    Object.fromEntries([...text.matchAll(/(--[\w-]+): (#[0-9a-f]{6})/g)].map(([, k, v]) => [k, v]));
  const dark = colours(base);
  const names = (list: string) => list.split(' ').map((name) => `--${name}`);
  const grounds = names('bg rail panel raised hover well field');
  const texts = names(
    'text text-soft text-faint accent danger ok warn code-keyword code-string code-number code-name',
  );
  const pairs = [
    ...texts.flatMap((text) => grounds.map((ground) => [text, ground, 4.5] as const)),
    ...grounds.map((ground) => ['--focus', ground, 3] as const),
    ...names('bg panel field').map((ground) => ['--line-field', ground, 3] as const),
    ['--on-accent', '--accent', 4.5] as const,
    ['--on-accent', '--accent-hover', 4.5] as const,
    ['--ok', '--ok-soft', 4.5] as const,
    ['--danger', '--danger-soft', 4.5] as const,
    ['--warn', '--accent-soft', 4.5] as const,
    ['--accent', '--accent-soft', 4.5] as const,
    ['--dialogue', '--dialogue-soft', 4.5] as const,
  ];
  for (const scheme of [dark, { ...dark, ...colours(over) }]) {
    for (const [front, back, least] of pairs) {
      const found = contrast(scheme[front] ?? '', scheme[back] ?? '');
      expect(found, `${front} on ${back}`).toBeGreaterThanOrEqual(least);
    }
  }
});
