import { expect, test } from 'vitest';
import { fillBlock, ink, inkOver, type Raster } from './raster';

test('a colour becomes the bytes red, green, blue, alpha', () => {
  const bytes = new Uint8Array(new Uint32Array([ink('#74b8a5', 0.5)]).buffer);
  expect([...bytes]).toEqual([0x74, 0xb8, 0xa5, 128]);
  expect(ink('#ffffff', 1)).toBe(0xffffffff);
  expect(inkOver('#000000', '#64c8ff', 0.5, 1)).toBe(ink('#326480', 1));
});

test('a block is filled as far as it lies on the raster', () => {
  const raster: Raster = { pixels: new Uint32Array(12), width: 4, height: 3, scale: 1 };
  fillBlock(raster, 2, -5, 9, 2, 7);
  fillBlock(raster, -3, 2, -1, 3, 9);
  expect([...raster.pixels]).toEqual([0, 0, 7, 7, 0, 0, 7, 7, 0, 0, 0, 0]);
});
