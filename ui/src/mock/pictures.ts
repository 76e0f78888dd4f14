// Bytes for the paper studio: peaks, painted gradients, frames.

/** A small picture in a message, as Base64. */
export const PICTURE = btoa(
  '<svg xmlns="http://www.w3.org/2000/svg" width="480" height="320"><rect width="480" height="320" fill="#26324a"/>' +
    '<circle cx="330" cy="110" r="44" fill="#f2d7a0"/><path d="M0 240q120-70 240 0t240-20v100H0z" fill="#131a28"/></svg>',
);

/** Levels as the studio keeps them: 256 samples a peak, and four times as many each. */
export function peaks(seed: string, wanted: number, seconds: number): ArrayBuffer {
  const samplesPerPeak = 256 * 4 ** Math.floor(Math.log(Math.max(256, wanted) / 256) / Math.log(4));
  const channels = 2;
  const count = Math.ceil((seconds * 48_000) / samplesPerPeak);
  const buffer = new ArrayBuffer(28 + count * channels * 6);
  const view = header(buffer, channels, samplesPerPeak, count * samplesPerPeak, count);
  let state = [...seed].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) >>> 0, 7);
  const random = () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) / 2 ** 32;
  const phase = state % 7;
  for (let i = 0; i < count; i += 1) {
    const swell = 0.35 + 0.3 * Math.sin((i * samplesPerPeak) / 770_000 + phase) ** 2;
    for (let channel = 0; channel < channels; channel += 1) {
      const height = Math.min(1, swell * (0.6 + 0.7 * random()));
      const at = 28 + (i * channels + channel) * 6;
      view.setInt16(at, -height * 32_000, true);
      view.setInt16(at + 2, height * 32_000, true);
      view.setInt16(at + 4, height * 13_000, true);
    }
  }
  return buffer;
}

/** A chord, sample by sample. */
export function samples(from: number, frames: number): ArrayBuffer {
  const buffer = new ArrayBuffer(28 + frames * 6);
  const view = header(buffer, 1, 1, frames, frames);
  for (let n = 0; n < frames; n += 1) {
    const at = (from + n) / 48_000;
    const value = 0.4 * Math.sin(2 * Math.PI * 220 * at) + 0.2 * Math.sin(2 * Math.PI * 1320 * at);
    for (let part = 0; part < 3; part += 1) {
      view.setInt16(28 + n * 6 + part * 2, (part < 2 ? value : Math.abs(value)) * 32_767, true);
    }
  }
  return buffer;
}

function header(
  buffer: ArrayBuffer,
  channels: number,
  samplesPerPeak: number,
  frames: number,
  count: number,
): DataView {
  const view = new DataView(buffer);
  view.setUint32(0, 0x4156504b, false);
  view.setUint16(4, 1, true);
  view.setUint16(6, channels, true);
  view.setUint32(8, 48_000, true);
  view.setUint32(12, samplesPerPeak, true);
  view.setBigUint64(16, BigInt(frames), true);
  view.setUint32(24, count, true);
  return view;
}

/** Harmonics that glide, and noise above them. */
export function spectrum(from: number, to: number, wish: Record<string, unknown>): ArrayBuffer {
  const [columns, bands] = [Number(wish['columns']), Number(wish['bands'])];
  const bytes = new Uint8Array(8 + columns * bands);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, columns, true);
  view.setUint32(4, bands, true);
  for (let column = 0; column < columns; column += 1) {
    const at = from + ((to - from) * column) / columns;
    const note = 18 + 6 * Math.sin(at / 3) + 3 * Math.sin(at * 2);
    const swell = 0.7 + 0.3 * Math.sin(at * 1.3);
    for (let band = 0; band < bands; band += 1) {
      const near = [0, 7, 11, 14].map((over) => Math.exp(-(((band - note - over) / 1.2) ** 2)));
      const noise = 0.25 + 0.12 * Math.sin(band * 7.1 + at * 31) - band / 500;
      bytes[8 + column * bands + band] = 255 * Math.min(1, swell * Math.max(noise, ...near));
    }
  }
  return bytes.buffer;
}

export async function picture(id: string, width: number): Promise<ArrayBuffer> {
  const canvas = paint(Number(id.replace(/\D/g, '')), width);
  return (await canvas.convertToBlob({ type: 'image/png' })).arrayBuffer();
}

/** What the paper film shows at a time, brighter and stronger as it is asked for. */
export async function still(
  seconds: number,
  width: number,
  look: Record<string, unknown>,
): Promise<ArrayBuffer> {
  const plain = paint(Math.floor((seconds * 24) / 120), width);
  const canvas = new OffscreenCanvas(width, plain.height);
  const ctx = canvas.getContext('2d');
  if (ctx) {
    const of = (key: string) => Number(look[key] ?? 1);
    const brightness = 1 + Number(look['brightness'] ?? 0);
    ctx.filter = `brightness(${brightness}) contrast(${of('contrast')}) saturate(${of('saturation')})`;
    ctx.drawImage(plain, 0, 0);
  }
  return (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer();
}

export function screen(frame: number, width: number): ArrayBuffer {
  const canvas = paint(Math.floor(frame / 120), width);
  const { height } = canvas;
  const pixels = canvas.getContext('2d')?.getImageData(0, 0, width, height).data;
  const bytes = new Uint8Array(16 + width * height * 4);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width, true);
  view.setUint32(4, height, true);
  view.setBigUint64(8, BigInt(frame), true);
  if (pixels) bytes.set(pixels, 16);
  return bytes.buffer;
}

function paint(index: number, width: number): OffscreenCanvas {
  const height = Math.round((width * 9) / 16);
  const canvas = new OffscreenCanvas(width, height);
  const ctx = canvas.getContext('2d');
  if (!ctx) return canvas;
  const hue = (205 + index * 37) % 360;
  const sky = ctx.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, `hsl(${hue} 35% 14%)`);
  sky.addColorStop(0.6, `hsl(${(hue + 25) % 360} 40% 38%)`);
  sky.addColorStop(1, `hsl(${(hue + 40) % 360} 55% 62%)`);
  ctx.fillStyle = sky;
  ctx.fillRect(0, 0, width, height);
  ctx.fillStyle = `hsl(${(hue + 50) % 360} 80% 84%)`;
  ctx.beginPath();
  ctx.arc(width * (0.25 + ((index * 0.17) % 0.5)), height * 0.42, height * 0.08, 0, 7);
  ctx.fill();
  for (let layer = 0; layer < 3; layer += 1) {
    ctx.fillStyle = `hsl(${hue} 30% ${20 - layer * 6}%)`;
    ctx.beginPath();
    ctx.moveTo(0, height);
    for (let x = 0; x <= width; x += width / 60) {
      const wave = Math.sin((x / width) * (5 + layer * 3) + index + layer * 2) * height * 0.05;
      ctx.lineTo(x, height * (0.62 + layer * 0.12) + wave);
    }
    ctx.lineTo(width, height);
    ctx.fill();
  }
  return canvas;
}
