// The way of a stream to the ear: worklet, volume, analyser, speakers.

import type { Told } from './worklet';
import workletUrl from './worklet?worker&url';

const SAMPLE_RATE = 44_100;

export interface Sound {
  context: AudioContext;
  player: AudioWorkletNode;
  gain: GainNode;
  /** For a picture of what is heard. */
  analyser: AnalyserNode;
}

/** What this browser cannot do that listening needs; `null` if it can. */
export function missing(): string | null {
  if (typeof WebSocket === 'undefined') return 'WebSockets';
  if (typeof AudioContext === 'undefined') return 'Web Audio';
  // Browsers offer worklets to pages of this machine or under HTTPS only.
  if (!('audioWorklet' in AudioContext.prototype)) return 'audio worklets (they need HTTPS)';
  return null;
}

export async function openSound(volume: number, onTold: (told: Told) => void): Promise<Sound> {
  const context = new AudioContext({ sampleRate: SAMPLE_RATE, latencyHint: 'interactive' });
  await context.audioWorklet.addModule(workletUrl);
  const player = new AudioWorkletNode(context, 'studio-player', {
    numberOfInputs: 0,
    outputChannelCount: [2],
  });
  const gain = new GainNode(context, { gain: volume });
  const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0.7 });
  player.connect(gain).connect(analyser).connect(context.destination);
  player.port.onmessage = ({ data }: MessageEvent<Told>) => onTold(data);
  await context.resume();
  return { context, player, gain, analyser };
}
