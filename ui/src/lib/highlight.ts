// Light colouring of code: comments, strings, numbers, keywords, names that are called. One rule per
// family of languages, no grammar: a wrong colour now and then is worth its 100 lines. Pure.

export type Kind = 'plain' | 'comment' | 'string' | 'number' | 'keyword' | 'name' | 'tag';

export interface Span {
  kind: Kind;
  text: string;
}

/** Longer code stays plain: nobody reads its colours, and it would be coloured anew at each word. */
const LONGEST = 40_000;

const words = (list: string) => new Set(list.split(' '));

const C_LIKE = words(
  'abstract as async await auto bool boolean break byte case catch char class const constexpr continue crate def default defer delete do double dyn else enum export extends extern false final finally float fn for from func function get go goto if impl implements import in instanceof int interface internal is let long loop match mod module move mut namespace new nil null nullptr of operator override package private protected pub public readonly ref return self short signed sizeof static struct super switch template this throw throws trait true try type typedef typeof union unsafe unsigned use using val var virtual void volatile where while with yield',
);
const SCRIPT = words(
  'and as assert async await begin break case class continue def del do done elif else elsif end ensure esac except exec export False fi finally for from function global if import in is lambda let local module next nil None nonlocal not or pass raise require rescue return select self set source super switch then True try unless until var when while with yield',
);
const SQL = words(
  'all alter and as asc between by case create cross delete desc distinct drop else end exists from full group having in index inner insert into is join left like limit not null on or order outer primary key references right select set table then union unique update values view when where with',
);

const STRING = `"(?:\\\\.|[^"\\\\\\n])*"?|'(?:\\\\.|[^'\\\\\\n])*'|\`(?:\\\\.|[^\`\\\\])*\`?`;
const NUMBER = '\\b(?:0[xob][\\da-fA-F_]+|\\d[\\d_]*(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)[a-z0-9]*\\b';
const WORD = '[A-Za-z_$][\\w$]*';

interface Family {
  comment: string;
  string: string;
  keywords: Set<string>;
  ignoreCase?: boolean;
  tag?: string;
}

const SLASHES: Family = {
  comment: '//[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$)',
  // In Rust `'a` is a lifetime and `'a'` a letter: a lone quote is nothing.
  string: STRING,
  keywords: C_LIKE,
};
const HASHES: Family = {
  comment: '#[^\\n]*',
  string: `"""[\\s\\S]*?(?:"""|$)|'''[\\s\\S]*?(?:'''|$)|${STRING}`,
  keywords: SCRIPT,
};
const DATA: Family = {
  comment: '#[^\\n]*|//[^\\n]*',
  string: STRING,
  keywords: words('true false null yes no on off'),
};
const DASHES: Family = {
  comment: '--[^\\n]*|/\\*[\\s\\S]*?(?:\\*/|$)',
  string: STRING,
  keywords: SQL,
  ignoreCase: true,
};
const MARKUP: Family = {
  comment: '<!--[\\s\\S]*?(?:-->|$)',
  string: '"[^"\\n]*"|\'[^\'\\n]*\'',
  keywords: new Set(),
  tag: '</?[A-Za-z][\\w:-]*|/?>',
};

const FAMILIES: [RegExp, Family][] = [
  [
    /^(py|python|rb|ruby|sh|bash|shell|zsh|console|fish|r|perl|pl|make|makefile|dockerfile)$/,
    HASHES,
  ],
  [/^(json|jsonc|jsonl|json5|ya?ml|toml|ini|env|conf)$/, DATA],
  [/^(sql|sqlite|postgres|postgresql|mysql|lua|haskell|hs)$/, DASHES],
  [/^(html?|xml|svg|svelte|vue)$/, MARKUP],
  [
    /^(rs|rust|[cm]?[jt]sx?|javascript|typescript|c|h|cc|cpp|c\+\+|hpp|cs|csharp|c#|java|kt|kotlin|go|golang|swift|scala|dart|php|zig|css|scss|less|glsl|wgsl)$/,
    SLASHES,
  ],
];

/** The code in coloured pieces; their texts put together are the code. */
export function highlight(code: string, language: string): Span[] {
  const name =
    language
      .trim()
      .toLowerCase()
      .split(/[\s,{]/)[0] ?? '';
  const family = FAMILIES.find(([pattern]) => pattern.test(name))?.[1];
  if (!family || code.length > LONGEST) return [{ kind: 'plain', text: code }];
  const groups = [
    `(?<comment>${family.comment})`,
    `(?<string>${family.string})`,
    ...(family.tag ? [`(?<tag>${family.tag})`] : []),
    `(?<number>${NUMBER})`,
    `(?<word>${WORD})`,
  ];
  const spans: Span[] = [];
  const add = (kind: Kind, text: string) => {
    const last = spans.at(-1);
    if (last?.kind === kind) last.text += text;
    else if (text) spans.push({ kind, text });
  };
  let at = 0;
  for (const match of code.matchAll(new RegExp(groups.join('|'), 'g'))) {
    add('plain', code.slice(at, match.index));
    at = match.index + match[0].length;
    add(kindOf(match, family, code.slice(at)), match[0]);
  }
  add('plain', code.slice(at));
  return spans;
}

function kindOf(match: RegExpExecArray, family: Family, rest: string): Kind {
  const { comment, string, tag, number, word } = match.groups ?? {};
  if (comment !== undefined) return 'comment';
  if (string !== undefined) return family === DATA && /^\s*:/.test(rest) ? 'name' : 'string';
  if (tag !== undefined) return 'tag';
  if (number !== undefined) return 'number';
  const sought = family.ignoreCase ? word?.toLowerCase() : word;
  if (sought && family.keywords.has(sought)) return 'keyword';
  if (family === DATA && /^\s*[:=]/.test(rest)) return 'name';
  return /^\s*!?\(/.test(rest) ? 'name' : 'plain';
}
