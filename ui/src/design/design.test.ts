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
