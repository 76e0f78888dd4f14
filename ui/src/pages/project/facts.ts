// What an asset is, in words.

import { bytes, clock, kilohertz, words } from '$lib/format';
import { fps } from '$lib/timeline';
import type { Asset } from '$lib/types';

/** One line: format, rate, channels or size. */
export function summaryOf(asset: Asset): string {
  const { audio, video } = asset;
  const picture = video ? `${video.width} × ${video.height}` : null;
  const sound = audio ? `${kilohertz(audio.sample_rate)} ${channels(audio.channels)}` : null;
  const format = codecName(video?.codec ?? audio?.codec ?? asset.media_type.split('/')[1] ?? '');
  return [format, picture, sound, bytes(asset.bytes)].filter(Boolean).join(' · ');
}

export type Fact = [name: string, value: string | null | undefined];

export function technical(asset: Asset): Fact[] {
  const { audio, video } = asset;
  return [
    ['Length', asset.duration_secs === null ? null : clock(asset.duration_secs)],
    ['Size', bytes(asset.bytes)],
    ['Picture', video && `${video.width} × ${video.height}, ${rate(fps(video.frame_rate))} fps`],
    ['Video', video && codecName(video.codec)],
    [
      'Sound',
      audio &&
        `${codecName(audio.codec)}, ${kilohertz(audio.sample_rate)}, ${channels(audio.channels)}`,
    ],
    ['Depth', audio?.bits_per_sample ? `${audio.bits_per_sample} bit` : null],
    ...Object.entries(asset.tags).map(([name, value]): Fact => [words(name), value]),
  ];
}

/** Where it came from. */
export function provenance(
  asset: Asset,
  parent: Asset | undefined,
  operation: string | undefined,
): Fact[] {
  return [
    ['Made by', operation ?? asset.operation ?? 'Import'],
    ['From', parent?.name],
    ['Kept as', asset.mode === 'copy' ? 'a copy in the project' : 'a link to the original'],
    [
      'Since',
      new Date(asset.created_at).toLocaleString('en-GB', {
        dateStyle: 'medium',
        timeStyle: 'short',
      }),
    ],
    ['Original', asset.path],
    ['Fingerprint', asset.digest.slice(0, 16)],
  ];
}

const CODECS: Record<string, string> = {
  h264: 'H.264',
  hevc: 'H.265',
  vorbis: 'Vorbis',
  opus: 'Opus',
  prores: 'ProRes',
};

/** `pcm_s24le` → `PCM`, `h264` → `H.264`, `flac` → `FLAC`. */
function codecName(codec: string): string {
  if (codec.startsWith('pcm')) return 'PCM';
  return CODECS[codec] ?? codec.toUpperCase();
}

function channels(count: number): string {
  return count === 1 ? 'mono' : count === 2 ? 'stereo' : `${count} channels`;
}

function rate(value: number): string {
  return String(Number(value.toFixed(3)));
}
