// Draws a sound: its extent, and in front of it the energy (rms).

import type { Stage } from '$design/canvas';
import { columns, type Peaks } from '../peaks';

export interface WaveView {
  peaks: Peaks;
  /** First and last second on screen. */
  from: number;
  to: number;
  /** Box in CSS pixels. */
  x: number;
  y: number;
  width: number;
  height: number;
  /** Colour tokens of extent and energy. */
  extent: string;
  energy: string;
}

export function drawWaveform({ ctx, paint }: Stage, view: WaveView): void {
  const { peaks, from, to, x, y, height, width } = view;
  const count = Math.max(1, Math.floor(width));
  const drawn = columns(peaks, from * peaks.sampleRate, to * peaks.sampleRate, count);
  const middle = y + height / 2;
  const half = height / 2 - 1;
  const extent = new Path2D();
  const energy = new Path2D();
  for (let i = 0; i < count; i += 1) {
    const [min, max, rms] = [drawn[i * 3] ?? 0, drawn[i * 3 + 1] ?? 0, drawn[i * 3 + 2] ?? 0];
    const [top, bottom] = [max * half, -min * half];
    extent.rect(x + i, middle - top, 1, Math.max(1, top + bottom));
    const body = Math.min(rms, Math.max(max, -min)) * half;
    energy.rect(x + i, middle - body, 1, Math.max(1, 2 * body));
  }
  ctx.fillStyle = paint(view.extent);
  ctx.fill(extent);
  ctx.fillStyle = paint(view.energy);
  ctx.fill(energy);
}
