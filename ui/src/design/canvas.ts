// Canvases: sharp on every screen, in the colours and sizes of the tokens.

/** Reads a colour token, such as `--wave`. */
export type Paint = (token: string) => string;

/** Reads a length token in CSS pixels, such as `--lane-score`. */
export type Length = (token: string) => number;

export interface Stage {
  ctx: CanvasRenderingContext2D;
  width: number;
  height: number;
  paint: Paint;
  length: Length;
}

/**
 * Sizes the canvas to its box and clears it; coordinates are CSS pixels. `null` while it has no
 * box, as in a hidden page.
 */
export function stage(canvas: HTMLCanvasElement): Stage | null {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ctx = canvas.getContext('2d');
  if (!ctx || width === 0 || height === 0) return null;
  const scale = window.devicePixelRatio || 1;
  const [deviceWidth, deviceHeight] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== deviceWidth) canvas.width = deviceWidth;
  if (canvas.height !== deviceHeight) canvas.height = deviceHeight;
  ctx.setTransform(scale, 0, 0, scale, 0, 0);
  ctx.clearRect(0, 0, width, height);
  const paint = paintOf(document.documentElement);
  return { ctx, width, height, paint, length: (token) => Number.parseFloat(paint(token)) };
}

/** Tokens as they were read: asking the style for some in each frame costs more than many a drawing. */
const tokens = new Map<string, string>();
let scheme: string | undefined;

/** A colour scheme has tokens of its own. */
function paintOf(root: HTMLElement): Paint {
  if (root.dataset['scheme'] !== scheme) tokens.clear();
  scheme = root.dataset['scheme'];
  const style = getComputedStyle(root);
  return (token) => {
    const known = tokens.get(token);
    if (known !== undefined) return known;
    const read = style.getPropertyValue(token).trim();
    tokens.set(token, read);
    return read;
  };
}

/** Calls `onSize` before the first paint and whenever the element's box changes. */
export function sized(onSize: (width: number, height: number) => void) {
  return (element: HTMLElement) => {
    const observer = new ResizeObserver(() => onSize(element.clientWidth, element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
  };
}

/**
 * Draws at most once a frame of the screen, always the latest; a drawing that is wished for anew before
 * its frame does not wait longer.
 */
export function eachFrame(): (draw: () => void) => void {
  let latest: (() => void) | null = null;
  return (draw) => {
    if (latest === null) {
      requestAnimationFrame(() => {
        const now = latest;
        latest = null;
        now?.();
      });
    }
    latest = draw;
  };
}
