// What the stream says and is told: Auralis' messages. Pure.

import type { Coming } from '../draw/roll';
import type { Planes } from './ring';

/** 100 ms of sound. */
export interface Chunk {
  seq: number;
  /** When it was made, in milliseconds of the studio's clock. */
  timestamp: number;
  durationMs: number;
  sampleRate: number;
  planes: Planes;
}

/** Where the music is. */
export interface Place {
  chord: string;
  next_chord: string;
  bar: number;
}

export type Message =
  | { type: 'audio'; chunk: Chunk }
  | { type: 'status'; state: string; message: string; place: Place | null }
  | { type: 'ahead'; coming: Coming }
  | { type: 'error'; message: string; recoverable: boolean };

/** `null` is a message of a kind that this page does not know. */
export function readMessage(text: string): Message | null {
  const told = JSON.parse(text) as Record<string, unknown>;
  const word = (field: string) => String(told[field] ?? '');
  switch (told['type']) {
    case 'audio': {
      const { seq, timestamp, duration_ms, sample_rate } = told as Record<string, number>;
      return {
        type: 'audio',
        chunk: {
          seq: Number(seq),
          timestamp: Number(timestamp),
          durationMs: Number(duration_ms),
          sampleRate: Number(sample_rate),
          planes: planesOf(fromBase64(word('data'))),
        },
      };
    }
    case 'status':
      return {
        type: 'status',
        state: word('state'),
        message: word('message'),
        place: (told['score'] as Place | undefined) ?? null,
      };
    case 'ahead':
      return { type: 'ahead', coming: told as unknown as Coming };
    case 'error':
      return {
        type: 'error',
        message: word('message') || word('code'),
        recoverable: told['recoverable'] !== false,
      };
    default:
      return null;
  }
}

/** Bytes before the samples of a binary frame. */
const HEAD = 16;

/** A chunk as the binary subprotocol sends it; `null` is no whole frame. */
export function readFrame(bytes: ArrayBuffer): Chunk | null {
  if (bytes.byteLength <= HEAD) return null;
  const head = new DataView(bytes, 0, HEAD);
  const planes = planesOf(samplesOf(new DataView(bytes, HEAD)));
  const sampleRate = head.getUint32(4, true);
  return {
    seq: head.getUint32(0, true),
    sampleRate,
    timestamp: head.getFloat64(8, true),
    durationMs: (planes[0].length / sampleRate) * 1000,
    planes,
  };
}

function fromBase64(text: string): Int16Array {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return samplesOf(new DataView(bytes.buffer));
}

/** Little-endian 16-bit samples, whatever the machine's own order. */
export function samplesOf(view: DataView): Int16Array {
  const count = Math.floor(view.byteLength / 2);
  return Int16Array.from({ length: count }, (_, at) => view.getInt16(at * 2, true));
}

/** Interleaved stereo as one plane per channel, from -1 to 1. */
export function planesOf(samples: Int16Array): Planes {
  const frames = Math.floor(samples.length / 2);
  const planes: Planes = [new Float32Array(frames), new Float32Array(frames)];
  for (let at = 0; at < frames; at += 1) {
    planes[0][at] = (samples[at * 2] ?? 0) / 32_768;
    planes[1][at] = (samples[at * 2 + 1] ?? 0) / 32_768;
  }
  return planes;
}
