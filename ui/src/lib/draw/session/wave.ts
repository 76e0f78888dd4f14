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
}

let columns = new Float32Array(3 * 4096);

export function addWave(
  paths: WavePaths,
  peaks: Peaks,
  clip: Clip,
  box: Box,
  view: Stretch,
  rate: number,
): void {
  const left = Math.max(0, Math.floor(box.x));
  const right = Math.min(Math.ceil(view.widthPx), Math.ceil(box.x + box.width));
  const count = right - left;
  if (count <= 0) return;
  if (columns.length < count * 3) columns = new Float32Array(count * 3);
  const scale = peaks.sampleRate / rate;
  const before = left - xOf(view, clip.start);
  const first = (clip.from + before * view.samplesPerPx) * scale;
  fillColumns(peaks, first, first + count * view.samplesPerPx * scale, count, columns);
  const sound = soundBox(box);
  const middle = sound.y + sound.height / 2;
  const half = sound.height / 2 - 1;
  const isEven = clip.envelope.length === 0 && clip.fade_in.length + clip.fade_out.length === 0;
  const even = ratio(clip.gain_db);
  const extent = clip.muted ? paths.muted : paths.extent;
  for (let i = 0; i < count; i += 1) {
    const at = (before + i + 0.5) * view.samplesPerPx;
    if (at < 0 || at > clip.length) continue;
    const gain = isEven ? even : gainAt(clip, at);
    const low = Math.max(-1, (columns[i * 3] ?? 0) * gain);
    const high = Math.min(1, (columns[i * 3 + 1] ?? 0) * gain);
    const top = high * half;
    const tall = top - low * half;
    extent.rect(left + i, middle - top, 1, Math.max(1, tall));
    if (clip.muted) continue;
    const body = Math.min((columns[i * 3 + 2] ?? 0) * gain, Math.max(high, -low)) * half;
    if (body >= 0.5) paths.energy.rect(left + i, middle - body, 1, 2 * body);
  }
}
