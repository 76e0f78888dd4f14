// Draws the lanes of curves that are open below tracks and below all of them, for the mix.

import type { Lane, OwnerId } from '../../session/automation';
import { AUTOMATION_PX, curveBox, laneTop, type Box } from '../../session/geometry';
import {
  lanePath,
  pointAt,
  seenPoints,
  valueOfShare,
  valueShown,
  yOfValue,
  type Place,
} from '../../session/lanes';
import { handle } from './clip';
import { text, type Palette } from './palette';
import type { SessionDrawing } from './tracks';

export interface OpenLane {
  owner: OwnerId;
  lane: Lane;
  /** The chosen point. */
  chosen: number | null;
}

/** Where points lie closer than this on average, only the line is drawn. */
const APART_PX = 10;
const PAD_PX = 6;
/** Room for the words at the ends of the scale. */
const WORDS_PX = 64;

export function drawLanes(colours: Palette, drawing: SessionDrawing): void {
  const { view, session } = drawing;
  for (const open of drawing.lanes) {
    const row = laneTop(view, session.tracks, open.owner);
    const y = row - view.top;
    if (y > colours.height || y + AUTOMATION_PX < 0) continue;
    drawGround(colours, y);
    const box = { ...curveBox(view, row), width: colours.width };
    drawScale(colours, open.lane, box);
    drawCurve(colours, drawing, open, box);
  }
}

function drawGround({ ctx, width, well, line }: Palette, y: number) {
  ctx.fillStyle = well;
  ctx.fillRect(0, y, width, AUTOMATION_PX);
  ctx.fillStyle = line;
  ctx.fillRect(0, y + AUTOMATION_PX - 1, width, 1);
}

/** The ends of the range in words, and a line at the usual value. */
function drawScale(colours: Palette, lane: Lane, box: Box) {
  const { ctx, faint, line } = colours;
  const usual = Math.round(yOfValue(lane, box, lane.knob.default));
  ctx.fillStyle = line;
  ctx.fillRect(box.x, usual, box.width, 1);
  ctx.fillStyle = faint;
  for (const share of [0, 1]) {
    const words = valueShown(lane, valueOfShare(lane, share));
    text(colours, words, box.x + PAD_PX, box.y + box.height * (1 - share), WORDS_PX);
  }
}

function drawCurve(colours: Palette, drawing: SessionDrawing, open: OpenLane, box: Box) {
  const { ctx, accent, soft } = colours;
  const { view, session } = drawing;
  const { lane } = open;
  const path = lanePath(lane, view, box, session.rate);
  const isFollowed = lane.automation !== null && !lane.automation.bypass;
  ctx.strokeStyle = isFollowed ? accent : soft;
  ctx.lineWidth = 1.5;
  ctx.setLineDash(isFollowed ? [] : [4, 4]);
  const curve = lineThrough(path);
  ctx.stroke(curve);
  ctx.setLineDash([]);
  if (isFollowed) shade(colours, curve, box);
  const [first, last] = seenPoints(lane, view, box, session.rate);
  const areApart = (last - first) * APART_PX < box.width;
  for (let index = first; index < last; index += 1) {
    if (!areApart && index !== open.chosen) continue;
    const { x, y } = pointAt(lane, view, box, session.rate, index);
    handle(colours, x, y, index === open.chosen);
  }
}

function lineThrough(path: readonly Place[]): Path2D {
  const line = new Path2D();
  for (const [i, { x, y }] of path.entries()) {
    if (i === 0) line.moveTo(x, y);
    else line.lineTo(x, y);
  }
  return line;
}

/** What is followed lies on a ground of its colour. */
function shade({ ctx, accent }: Palette, curve: Path2D, box: Box) {
  const ground = new Path2D(curve);
  ground.lineTo(box.width, box.y + box.height);
  ground.lineTo(0, box.y + box.height);
  ground.closePath();
  ctx.globalAlpha = 0.12;
  ctx.fillStyle = accent;
  ctx.fill(ground);
  ctx.globalAlpha = 1;
}
