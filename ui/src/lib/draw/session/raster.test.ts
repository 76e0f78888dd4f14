import { expect, test } from 'vitest';
import { fillBlock, ink, inkOver, type Raster } from './raster';

test('a colour becomes the bytes red, green, blue, alpha', () => {
  const bytes = new Uint8Array(new Uint32Array([ink('#74b8a5', 0.5)]).buffer);
  expect([...bytes]).toEqual([0x74, 0xb8, 0xa5, 128]);
  expect(ink('#ffffff', 1)).toBe(0xffffffff);
  expect(inkOver('#000000', '#64c8ff', 0.5, 1)).toBe(ink('#326480', 1));
});

test('a block is filled as far as it lies on the raster', () => {
  const raster = empty(4, 3);
  fillBlock(raster, 2, -5, 9, 2, 7);
  fillBlock(raster, -3, 2, -1, 3, 9);
  expect([...raster.pixels]).toEqual([0, 0, 7, 7, 0, 0, 7, 7, 0, 0, 0, 0]);
  expect([raster.from, raster.to]).toEqual([0, 2]);
});

test('wide blocks are filled as narrow ones are', () => {
  const raster = empty(40, 4);
  fillBlock(raster, 3, 1, 38, 3, 7);
  const filled = [...raster.pixels.keys()].filter((at) => raster.pixels[at] === 7);
  const inside = [...raster.pixels.keys()].filter((at) => {
    const [x, y] = [at % 40, Math.floor(at / 40)];
    return x >= 3 && x < 38 && y >= 1 && y < 3;
  });
  expect(filled).toEqual(inside);
  expect([raster.from, raster.to]).toEqual([1, 3]);
});

function empty(width: number, height: number): Raster {
  const pixels = new Uint32Array(width * height);
  return { pixels, width, height, scale: 1, from: height, to: 0 };
}
