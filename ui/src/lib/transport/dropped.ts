// A file that was dropped on the window, from its path and bytes. Pure.

const PICTURES: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
};

/** As a browser would give it. Only pictures have a type: others are told by the ending of their name. */
export function fileOf(path: string, bytes: ArrayBuffer): File {
  const name = path.split(/[/\\]/).pop() ?? path;
  const ending = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return new File([bytes], name, { type: PICTURES[ending] ?? '' });
}
