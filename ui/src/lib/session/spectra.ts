// Which pieces of a spectrogram show a stretch of a sound. Pure.

/** Columns of a piece, and bands of frequency, evenly in octaves. */
export const COLUMNS = 256;
export const BANDS = 72;
/** Finest step between columns in samples: a spectrum spans more than that anyway. */
const FINEST = 128;

export interface Piece {
  /** Samples from one column to the next. */
  step: number;
  /** Counted in pieces of this step from the sound's start. */
  index: number;
}

/** The pieces over samples `from` to `to` of a sound, a column no wider than two pixels. */
export function piecesOver(from: number, to: number, samplesPerPx: number): Piece[] {
  const step = FINEST * 2 ** Math.max(0, Math.ceil(Math.log2(samplesPerPx / FINEST) - 1e-9));
  const length = step * COLUMNS;
  const pieces: Piece[] = [];
  for (let index = Math.max(0, Math.floor(from / length)); index * length < to; index += 1) {
    pieces.push({ step, index });
  }
  return pieces;
}

/** First and last sample of a piece. */
export function spanOf({ step, index }: Piece): { from: number; to: number } {
  const length = step * COLUMNS;
  return { from: index * length, to: (index + 1) * length };
}

export interface Levels {
  columns: number;
  bands: number;
  /** A byte for each band of each column, low frequencies first: 0 is −120 dBFS, 255 full scale. */
  data: Uint8Array;
}

const HEADER_BYTES = 8;

export function parseLevels(buffer: ArrayBuffer): Levels {
  const view = new DataView(buffer);
  const [columns, bands] =
    buffer.byteLength < HEADER_BYTES ? [0, 0] : [view.getUint32(0, true), view.getUint32(4, true)];
  if (columns * bands === 0 || buffer.byteLength < HEADER_BYTES + columns * bands) {
    throw new Error('The spectrogram ends too early.');
  }
  return { columns, bands, data: new Uint8Array(buffer, HEADER_BYTES, columns * bands) };
}

/** Stops of the colours from silence to full scale: level 0 to 1, then red, green, blue. */
const STOPS = [
  [0, 6, 6, 16],
  [0.35, 44, 18, 92],
  [0.6, 158, 42, 104],
  [0.8, 240, 126, 48],
  [1, 255, 244, 190],
] as const;
/** Levels below are shown as silence, in dBFS. */
const QUIETEST_DB = -96;

/** Pixels of a picture as high as there are bands, high frequencies on top: RGBA. */
export function pixelsOf({ columns, bands, data }: Levels): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(columns * bands * 4);
  for (let column = 0; column < columns; column += 1) {
    for (let band = 0; band < bands; band += 1) {
      const at = ((bands - 1 - band) * columns + column) * 4;
      pixels.set(COLOURS[data[column * bands + band] ?? 0] ?? [], at);
    }
  }
  return pixels;
}

const COLOURS = Array.from({ length: 256 }, (_, byte) => {
  const db = (byte / 255) * 120 - 120;
  const level = Math.max(0, 1 - db / QUIETEST_DB);
  const above = STOPS.findIndex(([at]) => at >= level);
  const high = STOPS[above] ?? STOPS[STOPS.length - 1];
  const low = STOPS[Math.max(0, above - 1)] ?? high;
  const share = high && low && high[0] > low[0] ? (level - low[0]) / (high[0] - low[0]) : 0;
  const mix = (i: 1 | 2 | 3) => (low?.[i] ?? 0) + share * ((high?.[i] ?? 0) - (low?.[i] ?? 0));
  return [mix(1), mix(2), mix(3), 255];
});
