// Times in a film as people type them. Pure.

import { typedTime } from '../session/typed';

const MICROS = 1_000_000;

/** Seconds of `00:00:07:11` (hours, minutes, seconds, frames), `1:02.5`, `62.5`, `250 ms`; `null` if it is no time. */
export function typedSeconds(text: string, fps: number): number | null {
  const parts = /^(\d+):(\d+):(\d+):(\d+)$/.exec(text.trim());
  if (parts) {
    const [hours = 0, minutes = 0, seconds = 0, frames = 0] = parts.slice(1).map(Number);
    const base = Math.max(1, Math.round(fps));
    return (((hours * 60 + minutes) * 60 + seconds) * base + frames) / fps;
  }
  const micros = typedTime(text, MICROS);
  return micros === null ? null : micros / MICROS;
}

/** Times apart by spaces, semicolons, or commas with a space behind; all of them within the film. */
export function typedTimes(
  text: string,
  fps: number,
  duration: number,
): { times: number[] } | { error: string } {
  const typed = text.split(/[;\s]+|,\s+/).filter(Boolean);
  if (typed.length === 0) return { error: 'Type at least one time, such as 0:01.5.' };
  const times: number[] = [];
  for (const each of typed) {
    const seconds = typedSeconds(each.replace(/,$/, ''), fps);
    if (seconds === null)
      return { error: `“${each}” is no time. Type times such as 0:01.5 or 12.` };
    if (seconds >= duration) return { error: `${each} is past the end of the film.` };
    times.push(seconds);
  }
  return { times };
}
