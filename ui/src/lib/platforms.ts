// Loudness that platforms play at: their published targets as integrated LUFS and true peak.

export interface Platform {
  id: string;
  title: string;
  lufs: number;
  dbtp: number;
}

export const platforms: Platform[] = [
  { id: 'spotify', title: 'Spotify', lufs: -14, dbtp: -1 },
  { id: 'youtube', title: 'YouTube', lufs: -14, dbtp: -1 },
  { id: 'apple', title: 'Apple Music', lufs: -16, dbtp: -1 },
  { id: 'amazon', title: 'Amazon Music', lufs: -14, dbtp: -2 },
  { id: 'tidal', title: 'Tidal', lufs: -14, dbtp: -1 },
  { id: 'deezer', title: 'Deezer', lufs: -15, dbtp: -1 },
  { id: 'podcast', title: 'Podcast, stereo', lufs: -16, dbtp: -1 },
  { id: 'podcast-mono', title: 'Podcast, mono', lufs: -19, dbtp: -1 },
  { id: 'ebu', title: 'European broadcast (EBU R 128)', lufs: -23, dbtp: -1 },
  { id: 'atsc', title: 'American broadcast (ATSC A/85)', lufs: -24, dbtp: -2 },
];

export const formats: { value: string; label: string; lossless: boolean }[] = [
  { value: 'flac', label: 'FLAC', lossless: true },
  { value: 'wav', label: 'WAV', lossless: true },
  { value: 'aiff', label: 'AIFF', lossless: true },
  { value: 'mp3', label: 'MP3', lossless: false },
  { value: 'm4a', label: 'AAC (M4A)', lossless: false },
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
