// Pixels that are written by hand and drawn at once: columns of waves and thousands of narrow clips cost
// the canvas of WebKitGTK several times as much as paths or rectangles.

export interface Raster {
  /** Device pixels, as `ImageData` keeps them. */
  pixels: Uint32Array;
  width: number;
  height: number;
  /** Device pixels per CSS pixel. */
  scale: number;
  /** The rows that something was written into, the latter not included. */
  from: number;
  to: number;
}

interface Kept extends Raster {
  image: ImageData;
  canvas: HTMLCanvasElement;
}

let kept: Kept | null = null;

/** An empty one as large as the canvas. It is the same each time: draw it before the next is asked for. */
export function emptyRaster({ canvas }: CanvasRenderingContext2D, scale: number): Raster {
  const { width, height } = canvas;
  if (kept?.width !== width || kept.height !== height) {
    const image = new ImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const own = document.createElement('canvas');
    [own.width, own.height] = [width, height];
    kept = { pixels, width, height, scale, from: 0, to: 0, image, canvas: own };
  }
  kept.scale = scale;
  kept.pixels.fill(0, kept.from * width, kept.to * width);
  [kept.from, kept.to] = [height, 0];
  return kept;
}

export function drawRaster(ctx: CanvasRenderingContext2D): void {
  const own = kept?.canvas.getContext('2d');
  if (!kept || !own || kept.from >= kept.to) return;
  const { canvas, width, from } = kept;
  const rows = kept.to - from;
  own.putImageData(kept.image, 0, 0, 0, from, width, rows);
  ctx.save();
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.drawImage(canvas, 0, from, width, rows, 0, from, width, rows);
  ctx.restore();
}

/** A colour such as `#74b8a5` as a pixel. */
export function ink(colour: string, alpha: number): number {
  const rgb = Number.parseInt(colour.slice(1), 16);
  const [red, green, blue] = [(rgb >> 16) & 255, (rgb >> 8) & 255, rgb & 255];
  return ((Math.round(alpha * 255) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A pixel of one colour laid over a pixel of another, opaque but for `alpha`. */
export function inkOver(ground: string, colour: string, share: number, alpha: number): number {
  const [under, over] = [ink(ground, 0), ink(colour, 0)];
  let mixed = 0;
  for (const shift of [0, 8, 16]) {
    const [a, b] = [(under >> shift) & 255, (over >> shift) & 255];
    mixed |= Math.round(a + (b - a) * share) << shift;
  }
  return (mixed | (Math.round(alpha * 255) << 24)) >>> 0;
}

/** Narrower blocks, such as columns of waves, are written faster pixel by pixel. */
const FILLED_PX = 16;

/** Fills device pixels `left` to `right` and `top` to `bottom`, the latter not included. */
export function fillBlock(
  raster: Raster,
  left: number,
  top: number,
  right: number,
  bottom: number,
  colour: number,
): void {
  const { pixels, width, height } = raster;
  const [x0, x1] = [Math.max(0, left), Math.min(width, right)];
  const [y0, y1] = [Math.max(0, top), Math.min(height, bottom)];
  if (x0 >= x1 || y0 >= y1) return;
  raster.from = Math.min(raster.from, y0);
  raster.to = Math.max(raster.to, y1);
  for (let row = y0 * width; row < y1 * width; row += width) {
    if (x1 - x0 >= FILLED_PX) pixels.fill(colour, row + x0, row + x1);
    else for (let at = row + x0; at < row + x1; at += 1) pixels[at] = colour;
  }
}
