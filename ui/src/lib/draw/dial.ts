// Draws the harmony as a dial: twelve notes in a circle of fifths, so that notes that sound close
// lie close. Those of the mode are marked, those of the chord glow, those of the next are outlined.

import type { Stage } from '$design/canvas';

export interface DialView {
  /** Names of the twelve notes from C on. */
  notes: string[];
  /** Pitch classes, 0 = C. */
  scale: number[];
  chord: number[];
  next: number[];
  /** 0 to 1: how large the sounding notes are. */
  intensity: number;
  /** Share of the phrase that has been played. */
  phrase: number;
}

const TURN = 2 * Math.PI;
const TOP = -TURN / 4;

export function drawDial({ ctx, paint, length, width, height }: Stage, view: DialView): void {
  const [x, y] = [width / 2, height / 2];
  const outer = Math.min(x, y) - length('--s-2');
  const ring = outer - length('--s-6');

  ctx.lineWidth = length('--thick');
  ctx.strokeStyle = paint('--line');
  arc(ctx, x, y, outer, 1);
  ctx.strokeStyle = paint('--score');
  if (view.phrase > 0) arc(ctx, x, y, outer, view.phrase);

  const place = (pitch: number) => {
    const angle = TOP + (TURN * ((pitch * 7) % 12)) / 12;
    return [x + ring * Math.cos(angle), y + ring * Math.sin(angle)] as const;
  };

  if (view.chord.length > 2) {
    const order = [...view.chord].sort((a, b) => ((a * 7) % 12) - ((b * 7) % 12));
    ctx.beginPath();
    for (const pitch of order) ctx.lineTo(...place(pitch));
    ctx.closePath();
    ctx.fillStyle = paint('--score-soft');
    ctx.fill();
  }

  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.font = `${paint('--weight-medium')} ${paint('--size-s')} ${paint('--font')}`;
  const rest = length('--s-4');
  for (let pitch = 0; pitch < 12; pitch += 1) {
    const [cx, cy] = place(pitch);
    const inScale = view.scale.includes(pitch);
    const sounds = view.chord.includes(pitch);
    const radius = sounds ? rest + length('--s-2') * view.intensity : rest;
    ctx.beginPath();
    ctx.arc(cx, cy, radius, 0, TURN);
    ctx.fillStyle = paint(sounds ? '--score' : inScale ? '--raised' : '--bg');
    ctx.fill();
    if (view.next.includes(pitch) && !sounds) {
      ctx.strokeStyle = paint('--score');
      ctx.stroke();
    }
    ctx.fillStyle = paint(sounds ? '--bg' : inScale ? '--text-soft' : '--text-faint');
    ctx.fillText(view.notes[pitch] ?? '', cx, cy + 1);
  }
}

function arc(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, share: number) {
  ctx.beginPath();
  ctx.arc(x, y, radius, TOP, TOP + TURN * share);
  ctx.stroke();
}
