// Markdown of models, taken apart. Formulas are left as text: `$a_1 * b_1$` has no emphasis. Pure.

import { Marked, type Token, type TokenizerAndRendererExtension } from 'marked';

const FORMULA =
  /^(?:\$\$[\s\S]+?\$\$|\\\[[\s\S]+?\\\]|\\\([\s\S]+?\\\)|\$(?![\s\d])(?:\\.|[^$\n\\])*?[^\s$\\]\$(?!\d))/;

const formula: TokenizerAndRendererExtension = {
  name: 'formula',
  level: 'inline',
  start: (source) => source.search(/\$|\\[[(]/),
  tokenizer(source) {
    const found = FORMULA.exec(source)?.[0];
    return found ? { type: 'formula', raw: found, text: found } : undefined;
  },
};

const marked = new Marked({ extensions: [formula] });

export function blocksOf(text: string): Token[] {
  return marked.lexer(text);
}

/** Links lead out of the window only, and only to web pages. */
export function isWeb(href: string): boolean {
  return /^https?:\/\/[^\s]+$/i.test(href);
}

export const inner = (token: Token): Token[] => ('tokens' in token && token.tokens) || [];

export const plain = (token: Token): string => ('text' in token ? String(token.text) : token.raw);

/** A block's name for what may be coloured: `rust,ignore` is `rust`. */
export function languageOf(lang: string | undefined): string {
  return (lang ?? '').trim().split(/[\s,{]/)[0] ?? '';
}
