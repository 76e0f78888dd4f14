import { expect, test, vi } from 'vitest';
import { Jitter } from './jitter';
import type { Feed, Told } from './worklet';

const RATE = 44_100;
const CHUNK = RATE / 10;
const BLOCK = 128;

interface Player {
  port: { onmessage: (event: { data: Feed }) => void };
  process: (inputs: Float32Array[][], outputs: Float32Array[][]) => boolean;
}

/** The processor as a browser would make it; what it posts goes to `told`. */
async function player(told: (told: Told) => void): Promise<Player> {
  let made: (new () => Player) | undefined;
  vi.stubGlobal('sampleRate', RATE);
  vi.stubGlobal(
    'AudioWorkletProcessor',
    class {
      port = { postMessage: told };
    },
  );
  vi.stubGlobal('registerProcessor', (_name: string, type: new () => Player) => {
    made = type;
  });
  vi.resetModules();
  await import('./worklet');
  if (!made) throw new Error('no processor was registered');
  return new made();
}

/** Ten minutes of a stream whose clock runs `drift` faster than that of the sound card. */
async function listen(drift: number) {
  const all: Told[] = [];
  const { port, process } = await player((told) => all.push(told)).then((it) => ({
    port: it.port,
    process: it.process.bind(it),
  }));
  const jitter = new Jitter();
  const output = [new Float32Array(BLOCK), new Float32Array(BLOCK)];
  const chunk = (): Feed => ({
    planes: [new Float32Array(CHUNK).fill(0.1), new Float32Array(CHUNK).fill(0.1)],
    targetMs: jitter.target,
  });
  let chunks = 0;
  for (let frames = 0; frames < RATE * 600; frames += BLOCK) {
    const nowMs = (frames / RATE) * 1000;
    // Chunks come in their own rhythm, each up to 20 ms late.
    while (chunks * 100 <= nowMs * (1 + drift) - ((chunks * 7) % 20)) {
      jitter.came(chunks * 100, nowMs);
      port.onmessage({ data: chunk() });
      chunks += 1;
    }
    process([], [output]);
  }
  return all;
}

test.each([0.002, -0.002, 0.0002, -0.0002, 0])(
  'a clock that is off by %f is followed without a gap',
  async (drift) => {
    const all = await listen(drift);
    expect(all.at(-1)).toMatchObject({ underruns: 0, playing: true });
    // After a minute what waits has settled; a chunk comes and goes in it.
    const depths = all.slice(600).map((told) => told.depthMs);
    expect(Math.min(...depths)).toBeGreaterThan(10);
    expect(Math.max(...depths)).toBeLessThan(300);
  },
);

test('a stream that stops is one underrun, and plays again when it comes back', async () => {
  const all: Told[] = [];
  const it = await player((told) => all.push(told));
  const output = [new Float32Array(BLOCK), new Float32Array(BLOCK)];
  const feed = (count: number) => {
    for (let at = 0; at < count; at += 1) {
      const planes: Feed['planes'] = [new Float32Array(CHUNK).fill(1), new Float32Array(CHUNK)];
      it.port.onmessage({ data: { planes, targetMs: 50 } });
    }
  };
  const run = (secs: number) => {
    const heard: number[] = [];
    for (let at = 0; at < RATE * secs; at += BLOCK) {
      for (const plane of output) plane.fill(0);
      it.process([], [output]);
      heard.push(...(output[0] ?? []));
    }
    return heard;
  };
  feed(3);
  const heard = run(1);
  const steps = heard.slice(1).map((value, at) => Math.abs(value - (heard[at] ?? 0)));
  expect(Math.max(...heard)).toBeCloseTo(1, 3);
  expect(Math.max(...steps), 'it fades in and out').toBeLessThan(0.05);
  expect(all.at(-1)).toMatchObject({ underruns: 1, playing: false });
  feed(3);
  run(0.1);
  expect(all.at(-1)).toMatchObject({ underruns: 1, playing: true });
});
