// Draws what lies over the clips: the take that grows, the chosen range, lines under markers.

import { INSET_PX, TRACK_PX, topOf, type Stretch } from '../../session/geometry';
import type { Range } from '../../session/types';
import { xOf } from '../../session/view';
import type { Palette } from './palette';
import type { SessionDrawing } from './tracks';

export function drawTake(
  { ctx, danger }: Palette,
  view: Stretch,
  { from, to }: Range,
  index: number,
) {
  ctx.fillStyle = danger;
  ctx.globalAlpha = 0.35;
  const left = Math.max(-1, xOf(view, from));
  const y = topOf(view, index) - view.top + INSET_PX;
  ctx.fillRect(left, y, Math.max(1, xOf(view, to) - left), TRACK_PX - 2 * INSET_PX);
  ctx.globalAlpha = 1;
}

export function drawRange({ ctx, width, height, accent }: Palette, drawing: SessionDrawing) {
  const { view, range, rangeTracks, session } = drawing;
  if (!range) return;
  const left = Math.max(-2, xOf(view, range.from));
  const right = Math.min(width + 2, xOf(view, range.to));
  if (right < left) return;
  ctx.fillStyle = accent;
  ctx.globalAlpha = 0.16;
  if (rangeTracks.length === 0) ctx.fillRect(left, 0, right - left, height);
  for (const [index, { id }] of session.tracks.entries()) {
    if (!rangeTracks.includes(id)) continue;
    ctx.fillRect(left, topOf(view, index) - view.top, right - left, TRACK_PX);
  }
  ctx.globalAlpha = 0.7;
  ctx.fillRect(left, 0, 1, height);
  ctx.fillRect(right - 1, 0, 1, height);
  ctx.globalAlpha = 1;
}

export function drawMarkerLines(
  { ctx, width, height, faint }: Palette,
  { session, view }: SessionDrawing,
) {
  ctx.fillStyle = faint;
  ctx.globalAlpha = 0.5;
  for (const { at, length } of session.markers) {
    for (const place of length > 0 ? [at, at + length] : [at]) {
      const x = Math.round(xOf(view, place));
      if (x >= 0 && x <= width) ctx.fillRect(x, 0, 1, height);
    }
  }
  ctx.globalAlpha = 1;
}
