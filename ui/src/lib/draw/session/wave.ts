// Draws the sound of a clip: its extent, and in front of it the energy; from near, a line through samples.

import { fillColumns, type Peaks } from '../../peaks';
import { soundBox, type Box, type Stretch } from '../../session/geometry';
import { gainAt, ratio } from '../../session/shape';
import type { Clip } from '../../session/types';
import { xOf } from '../../session/view';
import { fillBlock, type Raster } from './raster';

/** Peaks, and the sample of the sound that they begin at. */
export interface Wave {
  peaks: Peaks;
  origin: number;
}

/** Where and in which pixels a wave is drawn. */
export interface Brush {
  raster: Raster;
  /** From sample to sample, where they can be told apart. */
  line: Path2D;
  extent: number;
  energy: number;
}

const FULL_SCALE = 32767;
const VALUES = 3;
/** Below so many samples a pixel a line goes through them; from so many pixels a sample on, with dots. */
const LINE_SAMPLES = 4;
const DOT_PX = 6;

let columns = new Float32Array(VALUES * 4096);

export function drawWave(
  brush: Brush,
  { peaks, origin }: Wave,
  clip: Clip,
  box: Box,
  view: Stretch,
  rate: number,
): void {
  const { scale: px } = brush.raster;
  const left = Math.max(0, Math.floor(box.x * px));
  const right = Math.min(brush.raster.width, Math.ceil((box.x + box.width) * px));
  const count = right - left;
  if (count <= 0) return;
  const perPx = view.samplesPerPx / px;
  const toSound = peaks.sampleRate / rate;
  const before = left - xOf(view, clip.start) * px;
  const first = (clip.from + before * perPx) * toSound - origin;
  const sound = soundBox(box);
  const gain = gainOver(clip);
  if (peaks.samplesPerPeak === 1 && view.samplesPerPx * toSound < LINE_SAMPLES) {
    const gainOf = (n: number) => gain((n + origin) / toSound - clip.from);
    drawLine(brush.line, peaks, first, left / px, view.samplesPerPx * toSound, gainOf, sound);
    return;
  }
  if (columns.length < count * VALUES) columns = new Float32Array(count * VALUES);
  fillColumns(peaks, first, first + count * perPx * toSound, count, columns);
  const middle = (sound.y + sound.height / 2) * px;
  const half = (sound.height / 2 - 1) * px;
  for (let i = 0; i < count; i += 1) {
    const at = (before + i + 0.5) * perPx;
    if (at < 0 || at > clip.length) continue;
    const level = gain(at);
    const low = Math.max(-1, (columns[i * VALUES] ?? 0) * level);
    const high = Math.min(1, (columns[i * VALUES + 1] ?? 0) * level);
    const top = Math.round(middle - high * half);
    const bottom = Math.max(top + 1, Math.round(middle - low * half));
    fillBlock(brush.raster, left + i, top, left + i + 1, bottom, brush.extent);
    const energy = (columns[i * VALUES + 2] ?? 0) * level;
    const body = Math.round(Math.min(energy, Math.max(high, -low)) * half);
    const [over, under] = [Math.round(middle) - body, Math.round(middle) + body];
    fillBlock(brush.raster, left + i, over, left + i + 1, under, brush.energy);
  }
}

/** What is multiplied with at a sample from the clip's start on. */
function gainOver(clip: Clip): (at: number) => number {
  const isEven = clip.envelope.length === 0 && clip.fade_in.length + clip.fade_out.length === 0;
  const even = ratio(clip.gain_db);
  return isEven ? () => even : (at) => gainAt(clip, at);
}

/** A line through the samples of each channel; peak `first` stands at `left`. */
function drawLine(
  line: Path2D,
  { data, channels, length }: Peaks,
  first: number,
  left: number,
  perPx: number,
  gainOf: (n: number) => number,
  sound: Box,
): void {
  const middle = sound.y + sound.height / 2;
  const half = sound.height / 2 - 1;
  const right = sound.x + sound.width;
  const from = Math.max(0, Math.floor(first));
  for (let channel = 0; channel < channels; channel += 1) {
    for (let n = from; n < length; n += 1) {
      const x = left + (n - first) / perPx;
      const value = ((data[(n * channels + channel) * VALUES] ?? 0) / FULL_SCALE) * gainOf(n);
      const y = middle - Math.max(-1, Math.min(1, value)) * half;
      if (n === from) line.moveTo(Math.max(sound.x, x), y);
      else line.lineTo(Math.min(right, Math.max(sound.x, x)), y);
      if (x > right) break;
      if (1 / perPx < DOT_PX) continue;
      line.rect(x - 1, y - 1, 2, 2);
      line.moveTo(x, y);
    }
  }
}
