// Draws a film's timeline: ruler, pictures, dialogue, and the score or the finished mix.

import type { Stage } from '$design/canvas';
import { clock } from '../format';
import { keyName } from '../harmony';
import type { Peaks } from '../peaks';
import { tickStep, ticks, timeFromX, xFromTime, type PlacedShot, type View } from '../timeline';
import type { MoviePlan } from '../types';
import { drawWaveform } from './waveform';

export interface TimelineView {
  plan: MoviePlan;
  shots: PlacedShot[];
  view: View;
  duration: number;
  /** By id of the base image. */
  pictures: ReadonlyMap<string, CanvasImageSource>;
  /** Sound of the rendered film, when it shows this plan. */
  mix: Peaks | null;
  /** Shot that is being edited. */
  chosen: string | null;
}

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

const ASPECT = 16 / 9;

export function drawTimeline(stage: Stage, timeline: TimelineView): void {
  const { length, width } = stage;
  const gap = length('--lane-gap');
  let y = drawRuler(stage, timeline) + gap;
  const lane = (token: string): Box => {
    const box = { x: 0, y, width, height: length(token) };
    y += box.height + gap;
    return box;
  };
  drawPictures(stage, timeline, lane('--lane-picture'));
  drawDialogue(stage, timeline, lane('--lane-dialogue'));
  if (timeline.mix) drawMix(stage, timeline, timeline.mix, lane('--lane-score'));
  else drawScore(stage, timeline, lane('--lane-score'));
}

/** Answers where the lanes begin. */
function drawRuler({ ctx, paint, length, width }: Stage, { view, duration }: TimelineView): number {
  const height = length('--ruler-height');
  const labelled = tickStep(view.pxPerSec, length('--s-8'));
  font(ctx, paint, '--size-xs');
  for (const time of ticks(view, labelled / 5, duration)) {
    const isLabelled = Math.abs(time / labelled - Math.round(time / labelled)) < 1e-6;
    const x = Math.round(xFromTime(view, time));
    ctx.fillStyle = paint(isLabelled ? '--text-faint' : '--line-strong');
    const tick = length(isLabelled ? '--s-2' : '--s-1');
    ctx.fillRect(x, height - tick, 1, tick);
    if (!isLabelled) continue;
    const text = labelled < 1 ? `${clock(time)}.${Math.round((time % 1) * 10)}` : clock(time);
    const room = ctx.measureText(text).width + length('--s-2');
    if (x + room < width) ctx.fillText(text, x + length('--s-1'), height / 2);
  }
  return height;
}

function drawPictures(stage: Stage, timeline: TimelineView, lane: Box) {
  const { ctx, paint, length } = stage;
  for (const [i, shot] of timeline.plan.shots.entries()) {
    const box = boxOf(timeline, timeline.shots[i], lane);
    if (!box) continue;
    block(stage, box, '--picture-soft', () => {
      const from = timeline.pictures.get(shot.start_base_image_id);
      const to = timeline.pictures.get(shot.end_base_image_id);
      filmstrip(ctx, box, from, to);
    });
    label(stage, box, String(i + 1), '--on-screen', '--scrim');
    if (shot.id !== timeline.chosen) continue;
    ctx.strokeStyle = paint('--accent');
    ctx.lineWidth = length('--thick');
    ctx.strokeRect(box.x + 1, box.y + 1, box.width - 2, box.height - 2);
  }
}

function drawDialogue(stage: Stage, timeline: TimelineView, lane: Box) {
  for (const line of timeline.plan.dialogue_timeline) {
    if (line.type !== 'dialogue') continue;
    const span = { start: line.start_time_sec, end: line.start_time_sec + line.duration_sec };
    const box = boxOf(timeline, span, lane);
    if (!box) continue;
    block(stage, box, '--dialogue-soft', () => undefined);
    edge(stage, box, '--dialogue');
    const who = timeline.plan.characters?.find(({ id }) => id === line.character_id)?.name ?? '';
    const words = line.text ?? '';
    text(stage, box, words, '--text', who && `${who}: ${words}`);
  }
}

function drawScore(stage: Stage, timeline: TimelineView, lane: Box) {
  const { ctx, paint } = stage;
  let told = '';
  for (const [i, shot] of timeline.plan.shots.entries()) {
    const box = boxOf(timeline, timeline.shots[i], lane);
    if (!box) continue;
    block(stage, box, '--score-soft', () => {
      const height = box.height * (shot.score?.intensity ?? 0.3);
      ctx.globalAlpha = 0.35;
      ctx.fillStyle = paint('--score');
      ctx.fillRect(box.x, box.y + box.height - height, box.width, height);
      ctx.globalAlpha = 1;
    });
    const score = shot.score;
    const words = score ? `${keyName(score.key, score.mode)}, ${Math.round(score.bpm)} BPM` : '';
    if (words && words !== told) text(stage, box, words, '--text');
    told = words;
  }
}

function drawMix(stage: Stage, { view, duration }: TimelineView, peaks: Peaks, lane: Box) {
  const end = Math.min(stage.width, xFromTime(view, duration));
  block(stage, { ...lane, width: end }, '--score-soft', () => {
    drawWaveform(stage, {
      ...lane,
      peaks,
      from: view.start,
      to: timeFromX(view, end),
      width: end,
      extent: '--wave-body',
      energy: '--wave',
    });
  });
}

/** Fills the box with frames: the first picture up to its middle, then the one that it leads to. */
function filmstrip(
  ctx: CanvasRenderingContext2D,
  box: Box,
  from: CanvasImageSource | undefined,
  to: CanvasImageSource | undefined,
) {
  const width = box.height * ASPECT;
  for (let x = box.x; x < box.x + box.width; x += width) {
    const picture = x + width / 2 < box.x + box.width / 2 || x === box.x ? from : to;
    if (picture) ctx.drawImage(picture, x, box.y, width, box.height);
  }
}

/** The part of a lane between two times; `null` when it is off screen. */
function boxOf(
  { view }: TimelineView,
  span: { start: number; end: number } | undefined,
  lane: Box,
): Box | null {
  if (!span) return null;
  const left = xFromTime(view, span.start);
  const right = xFromTime(view, span.end);
  if (right < 0 || left > view.widthPx) return null;
  return { ...lane, x: left, width: Math.max(1, right - left - 1) };
}

/** A rounded, filled box that clips what is drawn in it. */
function block({ ctx, paint, length }: Stage, box: Box, fill: string, inside: () => void) {
  ctx.save();
  ctx.beginPath();
  ctx.roundRect(box.x, box.y, box.width, box.height, length('--radius-s'));
  ctx.clip();
  ctx.fillStyle = paint(fill);
  ctx.fillRect(box.x, box.y, box.width, box.height);
  inside();
  ctx.restore();
}

function edge({ ctx, paint, length }: Stage, box: Box, colour: string) {
  ctx.fillStyle = paint(colour);
  ctx.fillRect(box.x, box.y, Math.min(box.width, length('--thick')), box.height);
}

function label(stage: Stage, box: Box, words: string, colour: string, ground: string) {
  const { ctx, paint, length } = stage;
  font(ctx, paint, '--size-xs');
  const pad = length('--s-1');
  const width = ctx.measureText(words).width + 2 * pad;
  const height = length('--s-4');
  if (width + 2 * pad > box.width) return;
  ctx.fillStyle = paint(ground);
  ctx.beginPath();
  ctx.roundRect(box.x + pad, box.y + pad, width, height, length('--radius-s'));
  ctx.fill();
  ctx.fillStyle = paint(colour);
  ctx.fillText(words, box.x + 2 * pad, box.y + pad + height / 2);
}

/**
 * One line in the box, the longer one if it fits, cut with an ellipsis; it stays readable while its
 * start is off screen.
 */
function text(stage: Stage, box: Box, words: string, colour: string, longer = words) {
  const { ctx, paint, length } = stage;
  font(ctx, paint, '--size-xs');
  const pad = length('--s-2');
  const left = Math.max(box.x, 0) + pad;
  const room = box.x + box.width - left - pad / 2;
  if (room < length('--s-5')) return;
  let shown = ctx.measureText(longer).width <= room ? longer : words;
  while (shown.length > 1 && ctx.measureText(shown).width > room) {
    shown = `${shown.slice(0, -2).trimEnd()}…`;
  }
  ctx.fillStyle = paint(colour);
  ctx.fillText(shown, left, box.y + box.height / 2);
}

function font(ctx: CanvasRenderingContext2D, paint: (token: string) => string, size: string) {
  ctx.font = `${paint('--weight-medium')} ${paint(size)} ${paint('--font')}`;
  ctx.textBaseline = 'middle';
}
