// Where a copy would really begin and end, in words. Pure.

import { count, timecode } from '../format';
import { fps } from '../timeline';
import type { CopyPoints, Rational } from '../types';
import type { Range } from './range';

export function copyTold(points: CopyPoints, range: Range, rate: Rational, frames: number): string {
  const perSec = fps(rate);
  const [from, to] = [points.start_secs, points.end_secs].map((secs) => Math.round(secs * perSec));
  if (from === undefined || to === undefined) return '';
  const early = range.from - from;
  const late = Math.min(to, frames) - range.to;
  const begins =
    early > 0
      ? `The copy begins at ${timecode(from, perSec)}, ${count(early, 'frame')} before the in point: a key frame is there.`
      : 'The copy begins at the in point: a key frame is there.';
  if (late === 0) return `${begins} It ends at the out point.`;
  const side = late > 0 ? 'after' : 'before';
  const ends = `It ends at ${timecode(to, perSec)}, ${count(Math.abs(late), 'frame')} ${side} the out point.`;
  return `${begins} ${ends}`;
}
