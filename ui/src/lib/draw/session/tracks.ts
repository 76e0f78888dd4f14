// Draws the tracks of a session: lanes, and clips with their sound. What is not on screen costs a comparison.

import type { Stage } from '$design/canvas';
import { clipEnd } from '../../session/clips';
import { withCrossfades } from '../../session/crossfade';
import { clipBox, topOf, trackAt, TRACK_PX, type Box, type Stretch } from '../../session/geometry';
import type { Clip, Range, Session, Track } from '../../session/types';
import { drawLanes, type OpenLane } from './automation';
import { drawBody, drawHandles, drawNarrow, drawShape, isNarrow } from './clip';
import { drawMarkerLines, drawRange, drawTake } from './overlays';
import { palette, trackColour, type Palette } from './palette';
import { drawRaster, emptyRaster, ink, inkOver, type Raster } from './raster';
import { drawSpectrum, type Spectrum } from './spectrum';
import { drawWave, type Wave } from './wave';

export interface SessionDrawing {
  session: Session;
  view: Stretch;
  selected: ReadonlySet<number>;
  /** The chosen point of an envelope: its clip, and its sample of the source. */
  point: { clip: number; at: number } | null;
  range: Range | null;
  /** Tracks that the range is meant for; empty: all. */
  rangeTracks: number[];
  focused: number | null;
  /** What of a source fits the zoom from a sample on, if it is there. */
  wave: (source: string, from: number) => Wave | null;
  /** What is being recorded, up to the playhead. */
  take: { track: number; from: number; to: number } | null;
  /** Of a source, where spectra are shown instead of waves. */
  spectrum: ((source: string) => Spectrum | null) | null;
  missing: Record<string, string>;
  /** Curves that are open, of tracks and of the mix. */
  lanes: OpenLane[];
}

interface Shown {
  clip: Clip;
  /** With the fades that are heard. */
  heard: Clip;
  box: Box;
  isSelected: boolean;
}

/** A track on screen. */
interface Row {
  track: Track;
  index: number;
  /** Tracks that are not heard are pale. */
  alpha: number;
  shown: Shown[];
}

export function drawSession(stage: Stage, drawing: SessionDrawing): void {
  const colours = palette(stage);
  const { ctx } = colours;
  ctx.font = colours.font;
  ctx.textBaseline = 'middle';
  const { session, view } = drawing;
  const first = Math.max(0, trackAt(view, 0));
  const last = Math.min(session.tracks.length, trackAt(view, stage.height) + 1);
  const anySoloed = session.tracks.some(({ soloed }) => soloed);
  const rows: Row[] = [];
  for (let index = first; index < last; index += 1) {
    const track = session.tracks[index];
    if (!track) continue;
    drawLane(colours, drawing, track, index);
    const isHeard = !track.muted && (track.soloed || !anySoloed);
    rows.push({
      track,
      index,
      alpha: isHeard ? 1 : 0.45,
      shown: onScreen(drawing, track, index, stage.width),
    });
  }
  const raster = emptyRaster(ctx, ctx.getTransform().a);
  for (const row of rows) drawGrounds(colours, raster, drawing, row);
  const lines = rows.map((row) => drawSounds(colours, raster, drawing, row));
  drawRaster(ctx);
  for (const [i, row] of rows.entries()) {
    ctx.globalAlpha = row.alpha;
    ctx.strokeStyle = colourOf(colours, row.track).wave;
    ctx.lineWidth = 1.5;
    const line = lines[i];
    if (line) ctx.stroke(line);
    drawShapes(colours, drawing, row);
    ctx.globalAlpha = 1;
    if (drawing.take?.track === row.track.id) drawTake(colours, view, drawing.take, row.index);
  }
  drawLanes(colours, drawing);
  drawRange(colours, drawing);
  drawMarkerLines(colours, drawing);
}

function drawLane(
  { ctx, width, panel, line }: Palette,
  drawing: SessionDrawing,
  track: Track,
  index: number,
) {
  const y = topOf(drawing.view, index) - drawing.view.top;
  if (track.id === drawing.focused) {
    ctx.fillStyle = panel;
    ctx.fillRect(0, y, width, TRACK_PX);
  }
  ctx.fillStyle = line;
  ctx.fillRect(0, y + TRACK_PX - 1, width, 1);
}

function onScreen({ view, selected }: SessionDrawing, track: Track, index: number, width: number) {
  const until = view.from + width * view.samplesPerPx;
  const seen: Clip[] = [];
  for (const clip of track.clips) {
    if (clip.start > until) break;
    if (clipEnd(clip) >= view.from) seen.push(clip);
  }
  const heard = withCrossfades(seen);
  const shown = seen.map((clip, i): Shown => {
    const box = clipBox(view, clip, index);
    return { clip, heard: heard[i] ?? clip, box, isSelected: selected.has(clip.id) };
  });
  // The selected lie on top.
  return shown.sort((a, b) => Number(a.isSelected) - Number(b.isSelected));
}

function drawGrounds(colours: Palette, raster: Raster, drawing: SessionDrawing, row: Row) {
  const { ctx } = colours;
  ctx.globalAlpha = row.alpha;
  const colour = colourOf(colours, row.track);
  for (const { clip, box, isSelected } of row.shown) {
    const missing = drawing.missing[clip.source];
    if (isNarrow(box)) drawNarrow(colours, raster, colour, box, isSelected, missing, row.alpha);
    else drawBody(colours, colour, clip, box, isSelected, missing);
  }
  ctx.globalAlpha = 1;
}

/** Into the raster; a line through samples is answered. */
function drawSounds(colours: Palette, raster: Raster, drawing: SessionDrawing, row: Row): Path2D {
  const { view, session } = drawing;
  const line = new Path2D();
  const { wave: colour, ground } = colourOf(colours, row.track);
  const [extent, energy, muted] = [0.55, 1, 0.25].map((share) => ({
    over: ink(colour, share * row.alpha),
    // The raster holds the ground of narrow clips, too.
    mixed: inkOver(ground, colour, share, row.alpha),
  }));
  for (const { heard, box } of row.shown) {
    if (drawing.missing[heard.source]) continue;
    if (drawing.spectrum) {
      const spectrum = drawing.spectrum(heard.source);
      colours.ctx.globalAlpha = row.alpha;
      if (spectrum) drawSpectrum(colours, spectrum, heard, box, view);
      colours.ctx.globalAlpha = 1;
      continue;
    }
    const from = heard.from + Math.max(0, view.from - heard.start);
    const wave = drawing.wave(heard.source, from);
    const kind = isNarrow(box) ? 'mixed' : 'over';
    const inks = heard.muted ? [muted, muted] : [extent, energy];
    const brush = { raster, line, extent: inks[0]?.[kind] ?? 0, energy: inks[1]?.[kind] ?? 0 };
    if (wave) drawWave(brush, wave, heard, box, view, session.rate);
  }
  return line;
}

function drawShapes(colours: Palette, drawing: SessionDrawing, { shown }: Row) {
  for (const { clip, heard, box, isSelected } of shown) {
    if (!drawing.missing[clip.source]) drawShape(colours, drawing.view, heard, box);
    if (isSelected) drawHandles(colours, drawing.view, clip, box, drawing.point);
  }
}

function colourOf(colours: Palette, track: Track) {
  return colours.tracks[trackColour(track.id) - 1] ?? { wave: colours.soft, ground: colours.panel };
}
