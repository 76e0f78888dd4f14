// Draws the bars that come as a piano roll: time from left to right, pitch upwards.

import type { Stage } from '$design/canvas';
import { pretty } from '../harmony';
import type { Output } from '../types';

export type Coming = Output<'ambient.ahead'>;

/** What was told, and when its first moment is heard. */
export interface Heard {
  coming: Coming;
  /** By `performance.now()`. */
  at: number;
}

/** What was told now, with those notes of before that still sound: they are not told again. */
export function follow(before: Heard | null, told: Coming, at: number): Heard {
  const first = told.notes[0]?.beat ?? 0;
  const sounding = (before?.coming.notes ?? []).filter(
    (note) => note.beat + note.beats > told.beat && note.beat < first,
  );
  const chords = told.chords.map((chord) => ({ ...chord, name: pretty(chord.name) }));
  return { coming: { ...told, chords, notes: [...sounding, ...told.notes] }, at };
}

/** Beats left of the line of now, and in all. */
const PAST = 2;
const BEATS = 18;
/** From the drone's low A to the bell's high E. */
const LOWEST = 31;
const HIGHEST = 90;
const BEATS_PER_BAR = 4;

export function drawRoll(
  { ctx, paint, length, width, height }: Stage,
  score: Coming,
  beat: number,
) {
  const x = (at: number) => ((at - beat + PAST) / BEATS) * width;
  const tall = height / (HIGHEST - LOWEST + 1);
  ctx.fillStyle = paint('--line');
  for (let bar = Math.ceil((beat - PAST) / BEATS_PER_BAR); x(bar * 4) < width; bar += 1) {
    ctx.fillRect(Math.round(x(bar * BEATS_PER_BAR)), 0, length('--hair'), height);
  }
  const colours = {
    harmony: paint('--wave-body'),
    bass: paint('--picture'),
    melody: paint('--score'),
  };
  for (const note of score.notes) {
    const [from, to] = [x(note.beat), x(note.beat + note.beats)];
    if (to < 0 || from > width) continue;
    const sounds = note.beat <= beat && beat < note.beat + note.beats;
    const strength = note.part === 'harmony' ? 0.35 : 0.45 + note.velocity / 250;
    ctx.globalAlpha = sounds ? Math.min(1, 2 * strength) : strength;
    ctx.fillStyle = sounds && note.part === 'melody' ? paint('--accent') : colours[note.part];
    const top = (HIGHEST - note.pitch) * tall;
    ctx.fillRect(from, top, Math.max(length('--s-0'), to - from - 1), Math.max(2, tall));
  }
  ctx.globalAlpha = 1;
  ctx.fillStyle = paint('--text-faint');
  ctx.font = `${paint('--size-xs')} ${paint('--font')}`;
  ctx.textBaseline = 'top';
  for (const chord of score.chords) {
    if (chord.beat > beat) ctx.fillText(chord.name, x(chord.beat) + length('--s-1'), 0);
  }
  ctx.fillStyle = paint('--playhead');
  ctx.fillRect(Math.round((PAST / BEATS) * width), 0, length('--hair'), height);
}
