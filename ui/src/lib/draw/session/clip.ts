// Draws one clip without its sound: ground and title, and over the sound fades, envelope and handles.

import {
  fadeHandle,
  pointPlace,
  soundBox,
  TITLE_PX,
  yOfGain,
  type Box,
  type Stretch,
} from '../../session/geometry';
import { prose } from '../../format';
import { fadeGain } from '../../session/shape';
import type { Clip } from '../../session/types';
import { text, type Palette } from './palette';
import { fillBlock, ink, type Raster } from './raster';

/** Narrower clips have no title and no corners. */
const TITLED_PX = 28;
const PAD_PX = 6;
const HANDLE_PX = 4;
const FADE_STEPS = 24;

export function isNarrow(box: Box): boolean {
  return box.width < TITLED_PX;
}

/** A clip without a title, of which there may be thousands. */
export function drawNarrow(
  colours: Palette,
  raster: Raster,
  colour: { wave: string; ground: string },
  box: Box,
  isSelected: boolean,
  missing: string | undefined,
  alpha: number,
): void {
  const px = raster.scale;
  const [left, top] = [Math.round(box.x * px), Math.round(box.y * px)];
  const right = Math.max(left + 1, Math.round((box.x + box.width) * px));
  const bottom = Math.round((box.y + box.height) * px);
  const edge = isSelected ? colours.accent : missing ? colours.danger : colour.wave;
  const ground = ink(missing ? colours.dangerSoft : colour.ground, alpha);
  fillBlock(raster, left, top, right, bottom, ground);
  fillBlock(raster, left, top, left + 1, bottom, ink(edge, alpha));
  if (isSelected)
    fillBlock(raster, left, top, right, top + Math.round((TITLE_PX * px) / 2), ink(edge, 1));
}

export function drawBody(
  colours: Palette,
  colour: { wave: string; ground: string },
  clip: Clip,
  box: Box,
  isSelected: boolean,
  missing: string | undefined,
): void {
  const { ctx } = colours;
  ctx.fillStyle = missing ? colours.dangerSoft : colour.ground;
  ctx.beginPath();
  ctx.roundRect(box.x, box.y, box.width, box.height, colours.radius);
  ctx.fill();
  const edge = isSelected ? colours.accent : missing ? colours.danger : colour.wave;
  ctx.fillStyle = edge;
  const alpha = ctx.globalAlpha;
  ctx.globalAlpha = isSelected ? alpha : alpha * 0.22;
  ctx.beginPath();
  ctx.roundRect(box.x, box.y, box.width, TITLE_PX, [colours.radius, colours.radius, 0, 0]);
  ctx.fill();
  ctx.globalAlpha = alpha;
  const left = Math.max(box.x, 0) + PAD_PX;
  const room = Math.min(box.x + box.width, colours.width) - left - PAD_PX;
  ctx.fillStyle = isSelected ? colours.onAccent : colours.text;
  const words = clip.muted ? `${clip.name} (muted)` : clip.name;
  if (room > 0) text(colours, words, left, box.y + TITLE_PX / 2 + 1, room);
  if (missing && room > 0) {
    ctx.fillStyle = colours.danger;
    text(colours, prose(missing), left, box.y + TITLE_PX + (box.height - TITLE_PX) / 2, room);
  }
  outline(colours, box, edge, 1, alpha * 0.6);
}

/** Fades and envelope. */
export function drawShape(colours: Palette, view: Stretch, clip: Clip, box: Box): void {
  if (box.width < TITLED_PX) return;
  const sound = soundBox(box);
  if (clip.fade_in.length > 0) drawFade(colours, view, clip, sound, 'in');
  if (clip.fade_out.length > 0) drawFade(colours, view, clip, sound, 'out');
  if (clip.envelope.length > 0) drawEnvelope(colours, view, clip, sound);
}

/** What of a selected clip can be grabbed: the ends of its own fades, and the envelope's points. */
export function drawHandles(
  colours: Palette,
  view: Stretch,
  clip: Clip,
  box: Box,
  chosen: { clip: number; at: number } | null,
): void {
  if (box.width < TITLED_PX) return;
  outline(colours, box, colours.accent, 2, colours.ctx.globalAlpha);
  const sound = soundBox(box);
  if (clip.envelope.length === 0) drawEnvelope(colours, view, clip, sound);
  for (const point of clip.envelope) {
    const { x, y } = pointPlace(view, clip, sound, point);
    if (x < sound.x || x > sound.x + sound.width) continue;
    handle(colours, x, y, chosen?.clip === clip.id && chosen.at === point.at);
  }
  for (const side of ['in', 'out'] as const) {
    const { x, y } = fadeHandle(view, clip, box, side);
    handle(colours, x, y);
  }
}

/** What a fade takes away lies in shadow. */
function drawFade(colours: Palette, view: Stretch, clip: Clip, sound: Box, side: 'in' | 'out') {
  const { ctx } = colours;
  const fade = side === 'in' ? clip.fade_in : clip.fade_out;
  const width = fade.length / view.samplesPerPx;
  const edge = side === 'in' ? sound.x : sound.x + sound.width;
  const way = side === 'in' ? 1 : -1;
  const most = Math.min(1, clip.length / fade.length);
  const curve = new Path2D();
  curve.moveTo(edge, sound.y + sound.height);
  for (let step = 0; step <= FADE_STEPS; step += 1) {
    const done = (step / FADE_STEPS) * most;
    const y = sound.y + sound.height * (1 - fadeGain(fade.shape, done));
    curve.lineTo(edge + way * done * width, y);
  }
  const shade = new Path2D(curve);
  shade.lineTo(edge, sound.y);
  shade.closePath();
  const alpha = ctx.globalAlpha;
  ctx.globalAlpha = alpha * 0.5;
  ctx.fillStyle = colours.bg;
  ctx.fill(shade);
  ctx.globalAlpha = alpha;
  ctx.strokeStyle = colours.soft;
  ctx.lineWidth = 1;
  ctx.stroke(curve);
}

function drawEnvelope(colours: Palette, view: Stretch, clip: Clip, sound: Box) {
  const { ctx } = colours;
  const places = clip.envelope.map((point) => pointPlace(view, clip, sound, point));
  ctx.save();
  ctx.beginPath();
  ctx.rect(sound.x, sound.y, sound.width, sound.height);
  ctx.clip();
  ctx.strokeStyle = colours.accent;
  ctx.lineWidth = 1;
  ctx.setLineDash(places.length > 0 ? [] : [4, 4]);
  ctx.beginPath();
  ctx.moveTo(sound.x, places[0]?.y ?? yOfGain(sound, 0));
  for (const { x, y } of places) ctx.lineTo(x, y);
  ctx.lineTo(sound.x + sound.width, places.at(-1)?.y ?? yOfGain(sound, 0));
  ctx.stroke();
  ctx.restore();
}

function outline({ ctx, radius }: Palette, box: Box, colour: string, wide: number, alpha: number) {
  const before = ctx.globalAlpha;
  ctx.globalAlpha = alpha;
  ctx.strokeStyle = colour;
  ctx.lineWidth = wide;
  ctx.beginPath();
  ctx.roundRect(box.x + 0.5, box.y + 0.5, box.width - 1, box.height - 1, radius);
  ctx.stroke();
  ctx.globalAlpha = before;
}

/** What can be grabbed. */
export function handle({ ctx, accent, bg }: Palette, x: number, y: number, isChosen = false) {
  ctx.beginPath();
  ctx.arc(x, y, HANDLE_PX, 0, 2 * Math.PI);
  ctx.fillStyle = isChosen ? accent : bg;
  ctx.fill();
  ctx.strokeStyle = accent;
  ctx.lineWidth = 2;
  ctx.stroke();
}
