// The meters of a part of the page, drawn on one canvas. Without a graphics card, WebKit paints the whole
// window anew where more than ten places of it change at once: ten tracks with a meter each would do that.

import { getContext, setContext } from 'svelte';
import { stage, type Stage } from '$design/canvas';
import { SILENT, isAtRest, meterShare, metered, type Level } from '$lib/session/levels';

type Pair<T> = [T, T];
type Rect = [x: number, y: number, width: number, height: number];

/** Screen readers are told at most so often. */
const TELL_MS = 500;
const KEY = Symbol('meters');

interface Shown {
  /** dBFS that are heard now. */
  heard: Pair<number>;
  levels: Pair<Level>;
  tell: (db: number) => void;
}

export class MeterBoard {
  #canvas: HTMLCanvasElement | null = null;
  #meters = new Map<HTMLElement, Shown>();
  #place = '';
  #frame = 0;
  #drawnAt = 0;
  #toldAt = 0;

  static offer(): MeterBoard {
    return setContext(KEY, new MeterBoard());
  }

  static get(): MeterBoard {
    return getContext(KEY);
  }

  drawOn(canvas: HTMLCanvasElement): () => void {
    this.#canvas = canvas;
    return () => cancelAnimationFrame(this.#frame);
  }

  /** Two channels that meters show in `box` from now on; `tell` is called now and then. */
  show(box: HTMLElement, heard: Pair<number>, tell: Shown['tell']): void {
    const { levels } = this.#meters.get(box) ?? { levels: [SILENT, SILENT] };
    const meter: Shown = { heard, levels, tell };
    this.#meters.set(box, meter);
    if (this.#frame !== 0 || rests(meter)) return;
    this.#drawnAt = performance.now();
    this.#frame = requestAnimationFrame(this.#draw);
  }

  /** It is cleared with the next drawing. */
  remove(box: HTMLElement): void {
    this.#meters.delete(box);
    this.#frame ||= requestAnimationFrame(this.#draw);
  }

  // Nothing runs while all stand.
  #draw = (now: number) => {
    const ms = Math.max(0, now - this.#drawnAt);
    this.#drawnAt = now;
    const meters = [...this.#meters.values()];
    for (const meter of meters) {
      const [left, right] = meter.levels;
      meter.levels = [metered(left, meter.heard[0], ms), metered(right, meter.heard[1], ms)];
    }
    const rest = meters.every(rests);
    if (rest || now - this.#toldAt > TELL_MS) {
      this.#toldAt = now;
      for (const { levels, tell } of meters) tell(Math.max(levels[0].db, levels[1].db));
    }
    this.#paint();
    this.#frame = rest ? 0 : requestAnimationFrame(this.#draw);
  };

  #paint(): void {
    const canvas = this.#canvas;
    const ground = canvas?.parentElement?.getBoundingClientRect();
    if (!canvas || !ground) return;
    const shown = [...this.#meters]
      .map(([box, { levels }]) => ({ levels, at: box.getBoundingClientRect() }))
      .filter(({ at }) => overlap(at, ground));
    canvas.hidden = shown.length === 0;
    if (canvas.hidden) return;
    // No larger than what it shows: all of it is painted on screen again.
    const boxes = shown.map(({ at }) => at);
    const x = Math.floor(Math.max(0, Math.min(...boxes.map((box) => box.left)) - ground.left));
    const y = Math.floor(Math.max(0, Math.min(...boxes.map((box) => box.top)) - ground.top));
    const right = Math.min(ground.right, Math.max(...boxes.map((box) => box.right)));
    const bottom = Math.min(ground.bottom, Math.max(...boxes.map((box) => box.bottom)));
    const width = Math.ceil(right - ground.left - x);
    const height = Math.ceil(bottom - ground.top - y);
    const place = `left: ${x}px; top: ${y}px; width: ${width}px; height: ${height}px`;
    if (place !== this.#place) canvas.style.cssText = this.#place = place;
    const drawn = stage(canvas);
    if (!drawn) return;
    for (const { at, levels } of shown) {
      const [left, top] = [at.left - ground.left - x, at.top - ground.top - y];
      drawMeter(drawn, [left, top, at.width, at.height], levels);
    }
  }
}

function overlap(a: DOMRect, b: DOMRect): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function rests({ heard, levels }: Shown): boolean {
  return levels.every(isAtRest) && heard.every((db) => db <= SILENT.db);
}

/** Two bars and the marks of their peaks. */
function drawMeter({ ctx, paint, length }: Stage, [x, y, width, height]: Rect, levels: Level[]) {
  const bar = (width - length('--hair')) / 2;
  const scale = ctx.createLinearGradient(0, y + height, 0, y);
  scale.addColorStop(0.7, paint('--ok'));
  scale.addColorStop(0.85, paint('--warn'));
  scale.addColorStop(1, paint('--danger'));
  for (const [channel, { db, peakDb }] of levels.entries()) {
    const left = x + channel * (width - bar);
    const [high, peak] = [height * meterShare(db), height * meterShare(peakDb)];
    ctx.fillStyle = scale;
    ctx.fillRect(left, y + height - high, bar, high);
    ctx.fillStyle = paint('--text');
    ctx.fillRect(left, y + height - peak, bar, Math.min(peak, length('--thick')));
  }
}
