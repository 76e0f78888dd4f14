// Pictures and text files that go with a message. Text travels inside the words, as a marked part.

export interface Picture {
  kind: 'picture';
  name: string;
  media_type: string;
  /** Standard Base64. */
  data: string;
}

export interface TextFile {
  kind: 'text';
  name: string;
  text: string;
}

export type Attachment = Picture | TextFile;

/** In bytes; providers refuse larger ones. */
export const LARGEST_PICTURE = 8_000_000;
/** In bytes: about a hundred pages, more than most contexts hold. */
export const LARGEST_TEXT = 400_000;
/** `chat.send` takes no more. */
export const MOST_PICTURES = 16;

const PICTURES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'];
const TEXT_ENDINGS =
  /\.(txt|md|csv|tsv|json|jsonl|ya?ml|toml|xml|html?|css|[cm]?[jt]sx?|svelte|vue|rs|py|rb|go|java|kt|swift|c|h|cc|cpp|hpp|cs|php|lua|r|sql|sh|bash|zsh|ps1|ini|conf|env|log|srt|vtt|tex|diff|patch)$/i;

export const ACCEPTED = [
  ...PICTURES,
  'text/*',
  '.md',
  '.json',
  '.yaml',
  '.rs',
  '.py',
  '.srt',
].join();

export class Unfit extends Error {}

/** Reads a file as an attachment; throws [`Unfit`] with what to do about it. */
export async function attachmentOf(file: File): Promise<Attachment> {
  if (PICTURES.includes(file.type)) {
    if (file.size > LARGEST_PICTURE)
      throw new Unfit(`${file.name} is larger than 8 MB: make the picture smaller first.`);
    return asPicture(file);
  }
  if (!file.type.startsWith('text/') && !TEXT_ENDINGS.test(file.name))
    throw new Unfit(`${file.name} is neither a picture (PNG, JPEG, WebP, GIF) nor text.`);
  if (file.size > LARGEST_TEXT)
    throw new Unfit(`${file.name} is larger than 400 kB: cut out the part that matters.`);
  const text = await file.text();
  if (text.includes('\0')) throw new Unfit(`${file.name} is not text.`);
  return { kind: 'text', name: file.name, text };
}

async function asPicture(file: File): Promise<Picture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  // A whole file as arguments of one call would be too many.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return { kind: 'picture', name: file.name, media_type: file.type, data: btoa(text) };
}

/** What is sent: the words, then each text file under its name. */
export function withFiles(words: string, files: TextFile[]): string {
  const parts = files.map(
    ({ name, text }) => `<file name="${name.replaceAll('"', '’')}">\n${text}\n</file>`,
  );
  return [words, ...parts].filter(Boolean).join('\n');
}

/** The reverse of [`withFiles`]. */
export function splitFiles(sent: string): { words: string; files: TextFile[] } {
  const files: TextFile[] = [];
  const words = sent.replace(
    /(?:^|\n)<file name="([^"\n]*)">\n([\s\S]*?)\n<\/file>(?=\n|$)/g,
    (_, name: string, text: string) => {
      files.push({ kind: 'text', name, text });
      return '';
    },
  );
  return { words: words.trim(), files };
}
