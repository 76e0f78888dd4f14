// Pictures that go with a message.

export interface Picture {
  name: string;
  media_type: string;
  /** Standard Base64. */
  data: string;
}

/** In bytes; providers refuse larger ones. */
export const LARGEST_PICTURE = 8_000_000;

export async function asPicture(file: File): Promise<Picture> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  // A whole file as arguments of one call would be too many.
  for (let at = 0; at < bytes.length; at += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  }
  return { name: file.name, media_type: file.type, data: btoa(text) };
}
