import { expect, test } from 'vitest';
import { highlight } from './highlight';
import { blocksOf, isWeb, languageOf } from './markdown';

const kinds = (code: string, language: string) =>
  highlight(code, language)
    .filter(({ kind }) => kind !== 'plain')
    .map(({ kind, text }) => `${kind} ${text}`);

test('code is coloured by its family of languages', () => {
  expect(kinds('let x = dive(1); // fox', 'rust')).toEqual([
    'keyword let',
    'name dive',
    'number 1',
    'comment // fox',
  ]);
  expect(kinds('def f(): return "a#b" # c', 'py')).toEqual([
    'keyword def',
    'name f',
    'keyword return',
    'string "a#b"',
    'comment # c',
  ]);
  expect(kinds('{"a": "b", "c": true}', 'json')).toEqual([
    'name "a"',
    'string "b"',
    'name "c"',
    'keyword true',
  ]);
  expect(kinds('SELECT id FROM takes -- all', 'sql')).toEqual([
    'keyword SELECT',
    'keyword FROM',
    'comment -- all',
  ]);
  expect(kinds('<a href="b">c</a>', 'html')).toEqual(['tag <a', 'string "b"', 'tag >', 'tag </a>']);
});

test('nothing of the code is lost, whatever the language', () => {
  const code = 'fn a<\'b>() { "x\\"y" }\n# π "open\n/* never closed';
  for (const language of ['rust', 'py', 'json', 'sql', 'html', 'brainfuck', '']) {
    expect(
      highlight(code, language)
        .map(({ text }) => text)
        .join(''),
    ).toBe(code);
  }
});

test('formulas stay text', () => {
  const [block] = blocksOf('So $a_1 * b_1 * c$ and \\(x_1 * y_1 * z\\), for $5 or $6.');
  const inner = block && 'tokens' in block ? (block.tokens ?? []) : [];
  const found = inner.filter(({ type }) => type === 'formula').map(({ raw }) => raw);
  expect(found).toEqual(['$a_1 * b_1 * c$', '\\(x_1 * y_1 * z\\)']);
  expect(inner.some(({ type }) => type === 'em')).toBe(false);
});

test('only web pages are links', () => {
  expect(isWeb('https://example.com/a')).toBe(true);
  for (const href of ['javascript:alert(1)', 'file:///etc/passwd', 'data:text/html,x', '/local'])
    expect(isWeb(href), href).toBe(false);
  expect(languageOf('rust,ignore')).toBe('rust');
});
