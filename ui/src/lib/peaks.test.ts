import { expect, test } from 'vitest';
import { columns, parsePeaks, samplesPerPeakFor } from './peaks';

type Peak = [min: number, max: number, rms: number];

/** Peaks as the studio writes them: one list of channels per peak. */
function bytes(list: Peak[][], samplesPerPeak = 256, magic = 'AVPK', version = 1): ArrayBuffer {
  const channels = list[0]?.length ?? 1;
  const buffer = new ArrayBuffer(28 + list.length * channels * 6);
  const view = new DataView(buffer);
  [...magic].forEach((letter, i) => view.setUint8(i, letter.charCodeAt(0)));
  view.setUint16(4, version, true);
  view.setUint16(6, channels, true);
  view.setUint32(8, 48_000, true);
  view.setUint32(12, samplesPerPeak, true);
  view.setBigUint64(16, BigInt(list.length * samplesPerPeak), true);
  view.setUint32(24, list.length, true);
  list.flat(2).forEach((value, i) => view.setInt16(28 + i * 2, value, true));
  return buffer;
}

test('the header and the values are read', () => {
  const peaks = parsePeaks(
    bytes(
      [
        [
          [-100, 200, 50],
          [-1, 2, 1],
        ],
      ],
      1024,
    ),
  );
  expect(peaks).toMatchObject({
    sampleRate: 48_000,
    channels: 2,
    samplesPerPeak: 1024,
    frames: 1024,
    length: 1,
  });
  expect([...peaks.data]).toEqual([-100, 200, 50, -1, 2, 1]);
});

test('other bytes, newer versions and cut bytes are refused', () => {
  expect(() => parsePeaks(new ArrayBuffer(4))).toThrow('not peaks');
  expect(() => parsePeaks(bytes([[[0, 0, 0]]], 256, 'RIFF'))).toThrow('not peaks');
  expect(() => parsePeaks(bytes([[[0, 0, 0]]], 256, 'AVPK', 2))).toThrow('version 2');
  expect(() => parsePeaks(bytes([[[0, 0, 0]], [[0, 0, 0]]]).slice(0, 36))).toThrow('too early');
});

test('a column holds the extremes of its peaks and channels, and their mean energy', () => {
  const full = 32_767;
  const peaks = parsePeaks(
    bytes([
      [
        [-full, 0, full],
        [0, 0, 0],
      ],
      [
        [0, full, 0],
        [0, 0, 0],
      ],
    ]),
  );
  const [min, max, rms] = columns(peaks, 0, 512, 1);
  expect([min, max]).toEqual([-1, 1]);
  expect(rms).toBeCloseTo(0.5, 6);
});

test('each of two columns shows its own half', () => {
  const peaks = parsePeaks(bytes([[[0, 8192, 0]], [[0, 16_384, 0]]]));
  const drawn = columns(peaks, 0, 512, 2);
  expect(drawn[1]).toBeCloseTo(0.25, 3);
  expect(drawn[4]).toBeCloseTo(0.5, 3);
});

test('closer than one peak a column, columns repeat it; beyond the sound there is silence', () => {
  const peaks = parsePeaks(bytes([[[-5, 16_384, 3]]]));
  const drawn = columns(peaks, 0, 512, 4);
  expect(drawn[1]).toBe(drawn[4]);
  expect(drawn[1]).toBeCloseTo(0.5, 3);
  expect([...drawn.slice(6, 9)].map(Math.abs)).toEqual([0, 0, 0]);
});

test('the level asked for gives every column a peak, never finer than the finest', () => {
  expect(samplesPerPeakFor(1_000_000, 1000)).toBe(1000);
  expect(samplesPerPeakFor(1000, 1000)).toBe(256);
  expect(samplesPerPeakFor(48_000, 0)).toBe(48_000);
});
