// Draws the spectrogram of a clip into its box, from the pieces that are there.

import { soundBox, type Box, type Stretch } from '../../session/geometry';
import { piecesOver, spanOf, type Piece } from '../../session/spectra';
import type { Clip } from '../../session/types';
import { xOf } from '../../session/view';
import type { Palette } from './palette';

export interface Spectrum {
  /** Samples of the sound per sample of the session. */
  scale: number;
  piece: (piece: Piece) => CanvasImageSource | null;
}

export function drawSpectrum(
  { ctx, width }: Palette,
  { scale, piece }: Spectrum,
  clip: Clip,
  box: Box,
  view: Stretch,
): void {
  const sound = soundBox(box);
  const left = Math.max(0, sound.x);
  const right = Math.min(width, sound.x + sound.width);
  if (right <= left) return;
  const sampleOf = (x: number) =>
    (clip.from + view.from + x * view.samplesPerPx - clip.start) * scale;
  const xOfSample = (sample: number) => xOf(view, sample / scale - clip.from + clip.start);
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, sound.y, right - left, sound.height);
  ctx.clip();
  for (const each of piecesOver(sampleOf(left), sampleOf(right), view.samplesPerPx * scale)) {
    const picture = piece(each);
    if (!picture) continue;
    const { from, to } = spanOf(each);
    const x = xOfSample(from);
    ctx.drawImage(picture, x, sound.y, xOfSample(to) - x, sound.height);
  }
  ctx.restore();
}
