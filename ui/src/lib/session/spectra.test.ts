import { expect, test } from 'vitest';
import { COLUMNS, parseLevels, piecesOver, pixelsOf, spanOf } from './spectra';

test('pieces cover the stretch, at the same places from every view', () => {
  const pieces = piecesOver(100_000, 300_000, 300);
  expect(pieces.map(({ step, index }) => [step, index])).toEqual([
    [512, 0],
    [512, 1],
    [512, 2],
  ]);
  expect(spanOf({ step: 512, index: 1 })).toEqual({ from: 512 * COLUMNS, to: 1024 * COLUMNS });
  expect(piecesOver(100_500, 300_000, 511)).toEqual(pieces);
  expect(piecesOver(0, 10, 0.1)).toEqual([{ step: 128, index: 0 }]);
});

test('levels become colours, high frequencies on top', () => {
  const bytes = new Uint8Array([2, 0, 0, 0, 2, 0, 0, 0, 0, 255, 128, 0]);
  const pixels = pixelsOf(parseLevels(bytes.buffer));
  const brightness = (x: number, y: number) =>
    [0, 1, 2].reduce((sum, part) => sum + (pixels[(y * 2 + x) * 4 + part] ?? 0), 0);
  expect(brightness(0, 0)).toBeGreaterThan(600);
  expect(brightness(0, 1)).toBeLessThan(40);
  expect(brightness(1, 1)).toBeGreaterThan(brightness(1, 0));
  expect(pixels[3]).toBe(255);
});

test('bytes that end early are told', () => {
  expect(() => parseLevels(new ArrayBuffer(4))).toThrow('ends too early');
  expect(() => parseLevels(new Uint8Array([2, 0, 0, 0, 2, 0, 0, 0, 1]).buffer)).toThrow();
});
