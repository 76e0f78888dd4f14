import { expect, test } from 'vitest';
import { planesOf, readFrame, readMessage, samplesOf } from './messages';

test('a chunk of sound becomes one plane per channel', () => {
  const data = Buffer.from(Int16Array.from([16_384, -32_768, 0, 32_767]).buffer).toString('base64');
  const audio = { type: 'audio', seq: 7, timestamp: 1000, duration_ms: 100, sample_rate: 44_100 };
  const read = readMessage(JSON.stringify({ ...audio, channels: 2, data }));
  if (read?.type !== 'audio') throw new Error('audio');
  expect(read.chunk).toMatchObject({ seq: 7, timestamp: 1000, durationMs: 100 });
  expect([...read.chunk.planes[0]]).toEqual([0.5, 0]);
  expect(read.chunk.planes[1][0]).toBe(-1);
});

test('samples are little-endian, and half a frame is none', () => {
  const bytes = new DataView(Uint8Array.from([1, 0, 255, 255, 9]).buffer);
  const samples = samplesOf(bytes);
  expect([...samples]).toEqual([1, -1]);
  expect(planesOf(Int16Array.from([1, 2, 3]))[0]).toHaveLength(1);
});

test('words and unknown messages are told apart', () => {
  const status = { type: 'status', state: 'playing', message: 'Playing', buffer_depth: 3 };
  expect(readMessage(JSON.stringify(status))).toEqual({
    type: 'status',
    state: 'playing',
    message: 'Playing',
    place: null,
  });
  expect(readMessage('{"type":"error","code":"slow_client","recoverable":true}')).toMatchObject({
    message: 'slow_client',
    recoverable: true,
  });
  expect(readMessage('{"type":"pong"}')).toBeNull();
});

test('a binary frame holds the same as a chunk of text', () => {
  const frame = new DataView(new ArrayBuffer(16 + 8));
  frame.setUint32(0, 9, true);
  frame.setUint32(4, 44_100, true);
  frame.setFloat64(8, 1_764_000_000_123, true);
  [16_384, -16_384, 0, 8_192].forEach((sample, at) => frame.setInt16(16 + at * 2, sample, true));
  const chunk = readFrame(frame.buffer);
  expect(chunk).toMatchObject({ seq: 9, sampleRate: 44_100, timestamp: 1_764_000_000_123 });
  expect(chunk?.planes.map((plane) => [...plane])).toEqual([
    [0.5, 0],
    [-0.5, 0.25],
  ]);
  expect(readFrame(new ArrayBuffer(16))).toBeNull();
});
