// Adds the sound of a clip to the paths of its track: one fill draws the waves of all its clips.

import { fillColumns, type Peaks } from '../../peaks';
import { soundBox, type Box, type Stretch } from '../../session/geometry';
import { gainAt, ratio } from '../../session/shape';
import type { Clip } from '../../session/types';
import { xOf } from '../../session/view';

export interface WavePaths {
  extent: Path2D;
  energy: Path2D;
  /** Of clips that are muted. */
  muted: Path2D;
  /** From sample to sample, where they can be told apart. */
  line: Path2D;
}

/** Peaks, and the sample of the sound that they begin at. */
export interface Wave {
  peaks: Peaks;
  origin: number;
}

const FULL_SCALE = 32767;
const VALUES = 3;
/** Below so many samples a pixel a line goes through them; from so many pixels a sample on, with dots. */
const LINE_SAMPLES = 4;
const DOT_PX = 6;

let columns = new Float32Array(3 * 4096);

export function addWave(
  paths: WavePaths,
  { peaks, origin }: Wave,
  clip: Clip,
  box: Box,
  view: Stretch,
  rate: number,
): void {
  const left = Math.max(0, Math.floor(box.x));
  const right = Math.min(Math.ceil(view.widthPx), Math.ceil(box.x + box.width));
  const count = right - left;
  if (count <= 0) return;
  const scale = peaks.sampleRate / rate;
  const before = left - xOf(view, clip.start);
  const first = (clip.from + before * view.samplesPerPx) * scale - origin;
  const perPx = view.samplesPerPx * scale;
  const sound = soundBox(box);
  const gain = gainOver(clip);
  if (peaks.samplesPerPeak === 1 && perPx < LINE_SAMPLES) {
    const xOfPeak = (n: number) => left + (n - first) / perPx;
    const gainOf = (n: number) => gain((n + origin) / scale - clip.from);
    const last = Math.min(peaks.length - 1, Math.ceil(first + count * perPx));
    addLine(paths.line, peaks, Math.max(0, Math.floor(first)), last, xOfPeak, gainOf, sound, perPx);
    return;
  }
  if (columns.length < count * VALUES) columns = new Float32Array(count * VALUES);
  fillColumns(peaks, first, first + count * perPx, count, columns);
  const middle = sound.y + sound.height / 2;
  const half = sound.height / 2 - 1;
  const extent = clip.muted ? paths.muted : paths.extent;
  for (let i = 0; i < count; i += 1) {
    const at = (before + i + 0.5) * view.samplesPerPx;
    if (at < 0 || at > clip.length) continue;
    const level = gain(at);
    const low = Math.max(-1, (columns[i * VALUES] ?? 0) * level);
    const high = Math.min(1, (columns[i * VALUES + 1] ?? 0) * level);
    const top = high * half;
    const tall = top - low * half;
    extent.rect(left + i, middle - top, 1, Math.max(1, tall));
    if (clip.muted) continue;
    const body = Math.min((columns[i * VALUES + 2] ?? 0) * level, Math.max(high, -low)) * half;
    if (body >= 0.5) paths.energy.rect(left + i, middle - body, 1, 2 * body);
  }
}

/** What is multiplied with at a sample from the clip's start on. */
function gainOver(clip: Clip): (at: number) => number {
  const isEven = clip.envelope.length === 0 && clip.fade_in.length + clip.fade_out.length === 0;
  const even = ratio(clip.gain_db);
  return isEven ? () => even : (at) => gainAt(clip, at);
}

/** A line through the samples of each channel. */
function addLine(
  line: Path2D,
  peaks: Peaks,
  first: number,
  last: number,
  xOfPeak: (n: number) => number,
  gainOf: (n: number) => number,
  sound: Box,
  perPx: number,
): void {
  const { data, channels } = peaks;
  const middle = sound.y + sound.height / 2;
  const half = sound.height / 2 - 1;
  for (let channel = 0; channel < channels; channel += 1) {
    for (let n = first; n <= last; n += 1) {
      const x = Math.min(sound.x + sound.width, Math.max(sound.x, xOfPeak(n)));
      const value = ((data[(n * channels + channel) * VALUES] ?? 0) / FULL_SCALE) * gainOf(n);
      const y = middle - Math.max(-1, Math.min(1, value)) * half;
      if (n === first) line.moveTo(x, y);
      else line.lineTo(x, y);
      if (1 / perPx < DOT_PX) continue;
      line.rect(x - 1, y - 1, 2, 2);
      line.moveTo(x, y);
    }
  }
}
