// Loudness that platforms play at: their published targets as integrated LUFS and true peak.

import type { Delivery } from './types';

export interface Platform {
  id: Delivery;
  title: string;
  target: number;
  /** An audiobook is measured by its RMS. */
  unit: 'LUFS' | 'dB RMS';
  dbtp: number;
}

export const platforms: Platform[] = [
  { id: 'spotify', title: 'Spotify', target: -14, unit: 'LUFS', dbtp: -1 },
  { id: 'youtube', title: 'YouTube', target: -14, unit: 'LUFS', dbtp: -1 },
  { id: 'apple_music', title: 'Apple Music', target: -16, unit: 'LUFS', dbtp: -1 },
  { id: 'amazon_music', title: 'Amazon Music', target: -14, unit: 'LUFS', dbtp: -2 },
  { id: 'tidal', title: 'Tidal', target: -14, unit: 'LUFS', dbtp: -1 },
  { id: 'deezer', title: 'Deezer', target: -15, unit: 'LUFS', dbtp: -1 },
  { id: 'podcast', title: 'Podcast, stereo', target: -16, unit: 'LUFS', dbtp: -1 },
  { id: 'podcast_mono', title: 'Podcast, mono', target: -19, unit: 'LUFS', dbtp: -1 },
  { id: 'audiobook', title: 'Audiobook (ACX)', target: -20, unit: 'dB RMS', dbtp: -3 },
  { id: 'ebu_r128', title: 'European broadcast (EBU R 128)', target: -23, unit: 'LUFS', dbtp: -1 },
  { id: 'atsc_a85', title: 'American broadcast (ATSC A/85)', target: -24, unit: 'LUFS', dbtp: -2 },
];

export const formats: { value: string; label: string; lossless: boolean }[] = [
  { value: 'flac', label: 'FLAC', lossless: true },
  { value: 'wav', label: 'WAV', lossless: true },
  { value: 'aiff', label: 'AIFF', lossless: true },
  { value: 'mp3', label: 'MP3', lossless: false },
  { value: 'm4a', label: 'M4A', lossless: false },
  { value: 'ogg', label: 'Ogg Vorbis', lossless: false },
  { value: 'opus', label: 'Opus', lossless: false },
];

/** Where converted files usually go. */
export const deliveries: { title: string; format: string; quality: string }[] = [
  { title: 'Archive', format: 'flac', quality: 'lossless' },
  { title: 'Editing', format: 'wav', quality: 'lossless' },
  { title: 'Podcast', format: 'mp3', quality: 'high' },
  { title: 'Phone', format: 'm4a', quality: 'high' },
  { title: 'Voice message', format: 'opus', quality: 'voice' },
];
