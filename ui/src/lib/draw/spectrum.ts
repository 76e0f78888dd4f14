// Draws levels over frequency: an equaliser's response, a noise. Frequencies lie by octaves.

import type { Stage } from '$design/canvas';

export interface SpectrumView {
  lowHz: number;
  highHz: number;
  fromDb: number;
  toDb: number;
  /** Distance of the lines. */
  stepDb: number;
  /** The level at a frequency. */
  at: (hz: number) => number;
  /** Filled from this level on. */
  baseDb: number;
}

const LINES_HZ = [50, 100, 200, 500, 1000, 2000, 5000, 10_000];

export function xOf(view: SpectrumView, width: number, hz: number): number {
  return (width * Math.log(hz / view.lowHz)) / Math.log(view.highHz / view.lowHz);
}

export function hzAt(view: SpectrumView, width: number, x: number): number {
  return view.lowHz * (view.highHz / view.lowHz) ** (x / width);
}

export function yOf(view: SpectrumView, height: number, db: number): number {
  const share = (db - view.fromDb) / (view.toDb - view.fromDb);
  return height * (1 - Math.min(1, Math.max(0, share)));
}

export function dbAt(view: SpectrumView, height: number, y: number): number {
  return view.fromDb + (view.toDb - view.fromDb) * (1 - y / height);
}

export function drawSpectrum(stage: Stage, view: SpectrumView) {
  grid(stage, view);
  curve(stage, view);
}

function grid({ ctx, width, height, paint, length }: Stage, view: SpectrumView) {
  ctx.lineWidth = length('--hair');
  ctx.strokeStyle = paint('--line');
  ctx.fillStyle = paint('--text-faint');
  ctx.font = `${paint('--size-xs')} ${paint('--font')}`;
  const gap = length('--s-1');
  ctx.textBaseline = 'bottom';
  ctx.textAlign = 'left';
  for (const hz of LINES_HZ) {
    const x = Math.round(xOf(view, width, hz)) + 0.5;
    line(ctx, x, 0, x, height);
    const words = hz >= 1000 ? `${hz / 1000}k` : String(hz);
    if (x + ctx.measureText(words).width + gap < width) ctx.fillText(words, x + gap, height - gap);
  }
  ctx.textBaseline = 'middle';
  for (let db = view.fromDb + view.stepDb; db < view.toDb; db += view.stepDb) {
    const y = Math.round(yOf(view, height, db)) + 0.5;
    ctx.strokeStyle = paint(db === view.baseDb ? '--line-strong' : '--line');
    line(ctx, 0, y, width, y);
    ctx.fillText(db < 0 ? `−${-db}` : db > 0 ? `+${db}` : '0', gap, y - 2 * gap);
  }
}

function curve({ ctx, width, height, paint, length }: Stage, view: SpectrumView) {
  ctx.beginPath();
  for (let x = 0; x <= width; x += 1) {
    const y = yOf(view, height, view.at(hzAt(view, width, x)));
    if (x === 0) ctx.moveTo(x, y);
    else ctx.lineTo(x, y);
  }
  ctx.lineWidth = length('--thick');
  ctx.strokeStyle = paint('--accent');
  ctx.stroke();
  const base = yOf(view, height, view.baseDb);
  ctx.lineTo(width, base);
  ctx.lineTo(0, base);
  ctx.closePath();
  ctx.globalAlpha = 0.14;
  ctx.fillStyle = paint('--accent');
  ctx.fill();
  ctx.globalAlpha = 1;
}

function line(ctx: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number) {
  ctx.beginPath();
  ctx.moveTo(x, y);
  ctx.lineTo(toX, toY);
  ctx.stroke();
}
