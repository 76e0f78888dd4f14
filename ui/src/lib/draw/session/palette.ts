// The colours and sizes of a session's drawing, read once a frame: a token costs more than a clip.

import type { Stage } from '$design/canvas';

export interface Palette {
  ctx: CanvasRenderingContext2D;
  width: number;
  height: number;
  font: string;
  radius: number;
  bg: string;
  panel: string;
  well: string;
  line: string;
  strong: string;
  text: string;
  soft: string;
  faint: string;
  accent: string;
  accentSoft: string;
  onAccent: string;
  danger: string;
  dangerSoft: string;
  tracks: { wave: string; ground: string }[];
}

const TRACK_COLOURS = 4;

export function palette({ ctx, width, height, paint, length }: Stage): Palette {
  return {
    ...{ ctx, width, height },
    font: `${paint('--weight-medium')} ${paint('--size-xs')} ${paint('--font')}`,
    radius: length('--radius-s'),
    bg: paint('--bg'),
    panel: paint('--panel'),
    well: paint('--well'),
    line: paint('--line'),
    strong: paint('--line-strong'),
    text: paint('--text'),
    soft: paint('--text-soft'),
    faint: paint('--text-faint'),
    accent: paint('--accent'),
    accentSoft: paint('--accent-soft'),
    onAccent: paint('--on-accent'),
    danger: paint('--danger'),
    dangerSoft: paint('--danger-soft'),
    tracks: Array.from({ length: TRACK_COLOURS }, (_, i) => ({
      wave: paint(`--track-${i + 1}`),
      ground: paint(`--track-${i + 1}-soft`),
    })),
  };
}

/** Number of a track's colour, 1 to 4; it stays with the track when tracks are reordered. */
export function trackColour(id: number): number {
  return (id % TRACK_COLOURS) + 1;
}

const widths = new Map<string, number>();
const MOST_WIDTHS = 5000;

/** One line from `x` on, cut with an ellipsis where there is no room. */
export function text({ ctx }: Palette, words: string, x: number, y: number, room: number) {
  let width = widths.get(words);
  if (width === undefined) {
    width = ctx.measureText(words).width;
    if (widths.size > MOST_WIDTHS) widths.clear();
    widths.set(words, width);
  }
  if (width <= room) return ctx.fillText(words, x, y);
  const letters = Math.floor((room / width) * words.length) - 1;
  if (letters >= 2) ctx.fillText(`${words.slice(0, letters)}…`, x, y);
}
