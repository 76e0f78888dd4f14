import { expect, test } from 'vitest';
import { Ring, type Planes } from './ring';

const planes = (make: (at: number) => number, frames: number, from = 0): Planes => [
  Float32Array.from({ length: frames }, (_, at) => make(from + at)),
  Float32Array.from({ length: frames }, (_, at) => -make(from + at)),
];

const silence = (frames: number): Planes => [new Float32Array(frames), new Float32Array(frames)];

test('what was pushed comes out unchanged at speed 1, over the end of the ring and on', () => {
  const ring = new Ring(1000);
  const ramp = (at: number) => at / 10_000;
  let heard = 0;
  for (let chunk = 0; chunk < 20; chunk += 1) {
    ring.push(planes(ramp, 300, chunk * 300));
    const out = silence(256);
    const frames = ring.pull(out, 1);
    for (let at = 0; at < frames; at += 1) {
      expect(out[0][at]).toBeCloseTo(ramp(heard + at), 6);
      expect(out[1][at]).toBeCloseTo(-ramp(heard + at), 6);
    }
    heard += frames;
    ring.skipTo(300);
    heard = Math.max(heard, (chunk + 1) * 300 - 300 - 3);
  }
  expect(heard).toBeGreaterThan(4000);
});

test('a little faster, a sine stays a sine of a little higher pitch', () => {
  const ring = new Ring(10_000);
  const sine = (hz: number) => (at: number) => Math.sin((2 * Math.PI * hz * at) / 44_100);
  ring.push(planes(sine(1000), 9000));
  const out = silence(8000);
  expect(ring.pull(out, 1.004)).toBe(8000);
  const wanted = sine(1004);
  const worst = out[0].reduce((most, value, at) => Math.max(most, Math.abs(value - wanted(at))), 0);
  expect(worst).toBeLessThan(0.001);
});

test('an empty ring gives nothing, and a full one loses the oldest', () => {
  const ring = new Ring(100);
  expect(ring.pull(silence(10), 1)).toBe(0);
  ring.push(planes((at) => at, 150));
  expect(ring.depth).toBe(97);
  const out = silence(1);
  ring.pull(out, 1);
  expect(out[0][0]).toBe(50);
});
