// Draws the ruler of a session: markers, regions, range and loop above, time below.

import type { Stage } from '$design/canvas';
import { RULER_PX } from '../../session/geometry';
import { rulerTicks, type Units } from '../../session/ruler';
import type { Marker, Range } from '../../session/types';
import { xOf, type TimeView } from '../../session/view';
import { palette, text, type Palette } from './palette';

/** Markers and regions stand above this line, ticks below it. */
export const MARKERS_PX = 20;
const TICK_APART_PX = 92;
const FLAG_PX = 8;
const LOOP_PX = 4;

export interface RulerDrawing {
  view: TimeView;
  rate: number;
  units: Units;
  markers: Marker[];
  range: Range | null;
  looping: Range | null;
}

export function drawRuler(stage: Stage, drawing: RulerDrawing): void {
  const colours = palette(stage);
  const { ctx, width } = colours;
  ctx.font = colours.font;
  ctx.textBaseline = 'middle';
  for (const { x, label } of rulerTicks(drawing.view, drawing.rate, drawing.units, TICK_APART_PX)) {
    const tall = label === null ? 4 : 10;
    ctx.fillStyle = label === null ? colours.strong : colours.faint;
    ctx.fillRect(Math.round(x), RULER_PX - tall, 1, tall);
    if (label !== null) ctx.fillText(label, x + 4, (MARKERS_PX + RULER_PX) / 2);
  }
  if (drawing.range) band(colours, drawing.view, drawing.range, colours.accent, 0.2, RULER_PX);
  const { looping } = drawing;
  if (looping) {
    const [left, right] = [xOf(drawing.view, looping.from), xOf(drawing.view, looping.to)];
    ctx.fillStyle = colours.accent;
    ctx.fillRect(
      Math.max(0, left),
      RULER_PX - LOOP_PX,
      Math.min(width, right) - Math.max(0, left),
      LOOP_PX,
    );
  }
  for (const [i, marker] of drawing.markers.entries()) {
    drawMarker(colours, drawing.view, marker, drawing.markers[i + 1]);
  }
}

function drawMarker(colours: Palette, view: TimeView, marker: Marker, next?: Marker) {
  const { ctx, width } = colours;
  const left = xOf(view, marker.at);
  const right = xOf(view, marker.at + marker.length);
  if (right < -200 || left > width) return;
  const colour = colours.tracks[marker.length > 0 ? 1 : 0];
  ctx.fillStyle = colour?.wave ?? colours.soft;
  if (marker.length > 0) {
    band(
      colours,
      view,
      { from: marker.at, to: marker.at + marker.length },
      ctx.fillStyle,
      0.3,
      MARKERS_PX,
    );
  }
  ctx.fillRect(left, 2, 2, MARKERS_PX - 2);
  ctx.beginPath();
  ctx.moveTo(left, 2);
  ctx.lineTo(left + FLAG_PX, 6);
  ctx.lineTo(left, 10);
  ctx.fill();
  ctx.fillStyle = colours.text;
  const start = Math.max(0, left) + FLAG_PX + 3;
  const until = next ? xOf(view, next.at) : width;
  const room = Math.min(marker.length > 0 ? right : Infinity, until) - start - 2;
  if (room > 12) text(colours, marker.name, start, MARKERS_PX / 2, room);
}

function band(
  colours: Palette,
  view: TimeView,
  range: Range,
  colour: string,
  alpha: number,
  tall: number,
) {
  const { ctx, width } = colours;
  const left = Math.max(0, xOf(view, range.from));
  const right = Math.min(width, xOf(view, range.to));
  if (right <= left) return;
  const before = ctx.globalAlpha;
  ctx.globalAlpha = alpha;
  ctx.fillStyle = colour;
  ctx.fillRect(left, 0, right - left, tall);
  ctx.globalAlpha = before;
}
