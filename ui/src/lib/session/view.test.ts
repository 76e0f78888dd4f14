import { expect, test } from 'vitest';
import * as v from './view';

const RATE = 48_000;
const HOUR = 3600 * RATE;
const view: v.TimeView = { from: 10_000, samplesPerPx: 100, widthPx: 1000 };

test('samples and pixels turn into each other', () => {
  expect(v.xOf(view, 15_000)).toBe(50);
  expect(v.sampleAt(view, 50)).toBe(15_000);
  expect(v.sampleAt({ ...view, from: 0 }, -20)).toBe(0);
});

test('zooming keeps the sample under the pointer', () => {
  const nearer = v.zoomedAt(view, 1.7, 333, HOUR, RATE);
  expect(nearer.from + 333 * nearer.samplesPerPx).toBeCloseTo(10_000 + 333 * 100);
});

test('the zoom reaches from single samples to the whole session and some more', () => {
  expect(v.zoomedAt(view, 1e9, 0, HOUR, RATE).samplesPerPx).toBe(1 / 8);
  const far = v.zoomedAt(view, 1e-9, 0, HOUR, RATE);
  expect(far.samplesPerPx * far.widthPx).toBeGreaterThan(HOUR);
  expect(far.from).toBe(0);
});

test('the whole session fits with a little room behind it', () => {
  const all = v.fitted(HOUR, RATE, 1000);
  expect(v.xOf(all, HOUR)).toBeGreaterThan(900);
  expect(v.xOf(all, HOUR)).toBeLessThan(1000);
});

test('an empty session shows a minute', () => {
  expect(v.fitted(0, RATE, 600).samplesPerPx).toBe(4800);
});

test('scrolling ends at the start, and half a screen behind the end', () => {
  expect(v.scrolledBy(view, -9999, HOUR).from).toBe(0);
  const last = v.scrolledBy(view, 1e9, HOUR);
  expect(v.xOf(last, HOUR)).toBeCloseTo(500);
});

test('the page turns only when the playhead has left it', () => {
  expect(v.following(view, 109_999, HOUR)).toBe(view);
  const turned = v.following(view, 110_200, HOUR);
  expect(v.xOf(turned, 110_200)).toBeCloseTo(50);
});

test('a range is shown with room on both sides', () => {
  const shown = v.showing(view, 48_000, 96_000, HOUR);
  expect(v.xOf(shown, 48_000)).toBeGreaterThan(0);
  expect(v.xOf(shown, 96_000)).toBeLessThan(1000);
});
