// The peaks of a sound as bytes ("AVPK"), read without copying the samples.

const HEADER_BYTES = 28;
const VALUES = 3;
const FULL_SCALE = 32767;

export interface Peaks {
  sampleRate: number;
  channels: number;
  samplesPerPeak: number;
  /** Sample frames of the sound. */
  frames: number;
  /** Number of peaks. */
  length: number;
  /** Per peak, per channel: min, max, rms, full scale 32767. */
  data: Int16Array;
}

export function parsePeaks(buffer: ArrayBuffer): Peaks {
  const view = new DataView(buffer);
  if (buffer.byteLength < HEADER_BYTES || view.getUint32(0, false) !== 0x4156504b) {
    throw new Error('These bytes are not peaks of a sound.');
  }
  const version = view.getUint16(4, true);
  if (version !== 1) throw new Error(`Peaks of version ${version} are newer than this window.`);
  const channels = view.getUint16(6, true);
  const length = view.getUint32(24, true);
  const values = length * channels * VALUES;
  const start = HEADER_BYTES;
  if (buffer.byteLength < start + values * 2) throw new Error('The peaks end too early.');
  return {
    channels,
    sampleRate: view.getUint32(8, true),
    samplesPerPeak: view.getUint32(12, true),
    frames: Number(view.getBigUint64(16, true)),
    length,
    data: new Int16Array(buffer, start, values),
  };
}

/**
 * What to draw in `width` columns for the sample frames `from` to `to`: min, max and rms per
 * column, −1 to 1, of all channels together. Columns beyond the sound are silent.
 */
export function columns(peaks: Peaks, from: number, to: number, width: number): Float32Array {
  const out = new Float32Array(width * VALUES);
  fillColumns(peaks, from, to, width, out);
  return out;
}

/** As `columns`, into an array that the caller keeps. */
export function fillColumns(
  peaks: Peaks,
  from: number,
  to: number,
  width: number,
  out: Float32Array,
): void {
  const perColumn = (to - from) / width / peaks.samplesPerPeak;
  const origin = from / peaks.samplesPerPeak;
  for (let column = 0; column < width; column += 1) {
    const first = Math.floor(origin + column * perColumn);
    const last = Math.max(first + 1, Math.ceil(origin + (column + 1) * perColumn));
    summarise(peaks, Math.max(0, first), Math.min(peaks.length, last), out, column * VALUES);
  }
}

/** Samples per peak to ask for, so that `width` columns over `frames` are each at least one peak. */
export function samplesPerPeakFor(frames: number, width: number): number {
  return Math.max(256, Math.floor(frames / Math.max(1, width)));
}

function summarise(peaks: Peaks, first: number, last: number, out: Float32Array, at: number) {
  const { data, channels } = peaks;
  let [min, max, square, values] = [0, 0, 0, 0];
  for (let i = first * channels; i < last * channels; i += 1) {
    min = Math.min(min, data[i * VALUES] ?? 0);
    max = Math.max(max, data[i * VALUES + 1] ?? 0);
    const rms = data[i * VALUES + 2] ?? 0;
    square += rms * rms;
    values += 1;
  }
  out[at] = min / FULL_SCALE;
  out[at + 1] = max / FULL_SCALE;
  out[at + 2] = values > 0 ? Math.sqrt(square / values) / FULL_SCALE : 0;
}
