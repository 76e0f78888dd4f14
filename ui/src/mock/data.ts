// What the paper studio holds.

import { StudioError } from '$lib/error';
import type {
  AmbientStatus,
  Asset,
  Estimate,
  Film,
  FilmSummary,
  Job,
  LogLine,
  Loudness,
  Output,
  PlayerInfo,
  Project,
  Setting,
  SystemInfo,
} from '$lib/types';
import { plan } from './plan';

const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

export const projects: Project[] = [
  ['Night radio', 4, 9, 2, 412_000_000, false],
  ['The last tram', 180, 3, 1, 96_400_000, false],
  ['Podcast 41, with a rather long name that must be cut', 2000, 31, 0, 2_310_000_000, false],
  ['Lost drive', 9000, 12, 0, 0, true],
].map(([name, minutes, assets, films, bytes, missing], i) => ({
  id: `p${i + 1}`,
  name: name as string,
  path: `/home/you/Documents/AV Studio/${String(name)}`,
  created_at: at(20_000),
  modified_at: at(minutes as number),
  assets: assets as number,
  films: films as number,
  bytes: bytes as number,
  missing: missing as boolean,
}));

const audio = {
  codec: 'flac',
  sample_rate: 48_000,
  channels: 2,
  frames: 11_796_480,
  bits_per_sample: 24,
};

export const assets: Asset[] = Array.from({ length: 60 }, (_, i) => asset(i));

function asset(i: number): Asset {
  const kind = i % 7 === 3 ? 'video' : i % 7 === 5 ? 'image' : 'audio';
  const names = [
    'Evening take',
    'Interview, first half',
    'Rain on a tin roof',
    'Harbour',
    'Piano, close',
  ];
  return {
    id: `a${i + 1}`,
    name: `${names[i % 5]}${i > 4 ? ` ${i}` : ''}.${kind === 'audio' ? 'flac' : kind === 'video' ? 'mp4' : 'png'}`,
    kind,
    media_type: kind === 'image' ? 'image/png' : 'audio/flac',
    mode: i % 4 === 0 ? 'reference' : 'copy',
    privacy: 'may_leave',
    path: `/home/you/Music/${names[i % 5]}.flac`,
    digest: `${i}e2a91c44b7f0d3358ac1`,
    bytes: 18_400_000 + i * 1_300_000,
    duration_secs: kind === 'image' ? null : 245.76,
    audio: kind === 'image' ? null : audio,
    video:
      kind === 'audio'
        ? null
        : {
            codec: kind === 'image' ? 'png' : 'h264',
            width: 1920,
            height: 1080,
            frame_rate: { num: 24, den: 1 },
            frames: 5898,
          },
    tags: i === 0 ? { title: 'Evening take', artist: 'A. Marlowe', album: 'Night radio' } : {},
    created_at: at(60 + i),
    peaks: null,
    derived_from: i === 1 ? 'a1' : null,
    operation: i === 1 ? 'audio.normalize' : null,
  };
}

export const loudness: Loudness = {
  integrated_lufs: -19.3,
  momentary_max_lufs: -12.8,
  short_term_max_lufs: -15.1,
  range_lu: 6.4,
  true_peak_dbtp: -0.6,
  sample_peak_dbfs: -0.9,
  duration_secs: 245.76,
  history: {
    every_secs: 1.024,
    momentary_lufs: Array.from(
      { length: 240 },
      (_, at) => -20 + 6 * Math.sin(at / 9) * Math.cos(at / 31),
    ),
    short_term_lufs: Array.from(
      { length: 240 },
      (_, at) => -20 + 3 * Math.sin(at / 9) * Math.cos(at / 31),
    ),
  },
  audiobook: {
    rms_dbfs: -19.6,
    peak_dbfs: -0.9,
    noise_floor_dbfs: -64.2,
    faults: ['its peak is -0.9 dBFS, above -3'],
  },
};

export const films: FilmSummary[] = [
  {
    id: 'f1',
    title: 'The Keeper’s Map',
    shots: 6,
    duration_secs: 30,
    updated_at: at(3),
    rendered: true,
  },
  {
    id: 'f2',
    title: 'Wrong Turn',
    shots: 8,
    duration_secs: 60,
    updated_at: at(90),
    rendered: false,
  },
];

export const film: Film = {
  id: 'f1',
  title: plan.title,
  plan,
  revision: 4,
  can_undo: true,
  can_redo: false,
  updated_at: at(3),
  render: {
    video_path: '/home/you/Documents/AV Studio/Night radio/exports/The Keeper’s Map.mp4',
    captions_path: '/home/you/Documents/AV Studio/Night radio/exports/The Keeper’s Map.srt',
    width: 1280,
    height: 720,
    duration_secs: 30,
    rendered_at: at(2),
    revision: 4,
    key: '5c1d',
    current: true,
  },
};

export const estimate: Estimate = {
  steps: [
    ['picture', 7, 5, 3.1, 6_200_000],
    ['clip', 6, 4, 9.8, 5_400_000],
    ['speech', 4, 4, 0, 0],
    ['score', 1, 0, 2.2, 5_760_000],
    ['mix', 1, 0, 1.4, 5_760_000],
    ['film', 1, 0, 2.5, 11_200_000],
  ].map(([step, items, reused, seconds, bytes]) => ({
    step: String(step),
    items: Number(items),
    reused: Number(reused),
    seconds: Number(seconds),
    bytes: Number(bytes),
    cost_micro_usd: 0,
  })),
  seconds: 19,
  bytes: 34_320_000,
  cost_micro_usd: 0,
};

export const player: PlayerInfo = {
  player: 'player-1',
  duration_secs: 30,
  width: 1280,
  height: 720,
  frame_rate: { num: 24, den: 1 },
  frames: 720,
  audio: true,
  audible: true,
};

export const ambient: AmbientStatus = {
  playing: false,
  key: 'D',
  mode: 'dorian',
  bpm: 60,
  intensity: 0.5,
  seed: 7,
  volume: 0.8,
  chord: 'Fmaj7',
  next_chord: 'Gsus2',
  bar: 4,
  elapsed_secs: 312,
  device: 'Built-in Audio Analog Stereo',
  sample_rate: 48_000,
  problem: null,
  stops_in_secs: null,
  recording: false,
  underruns: 0,
  jitter_ms: 0.4,
  render_load: 0.021,
};

export const ahead: Output<'ambient.ahead'> = {
  beat: 16.5,
  notes: [
    ...[41, 48, 57, 64].map((pitch) => ({
      ...{ beat: 16, beats: 8, pitch, velocity: 55 },
      part: 'harmony' as const,
    })),
    { beat: 16, beats: 8, pitch: 38, velocity: 70, part: 'bass' },
    ...[76, 79, 81, 74, 72, 76].map((pitch, n) => ({
      ...{ beat: 17 + 1.5 * n, beats: 1.5, pitch, velocity: 60 },
      part: 'melody' as const,
    })),
    ...[43, 50, 57, 62].map((pitch) => ({
      ...{ beat: 24, beats: 8, pitch, velocity: 55 },
      part: 'harmony' as const,
    })),
  ],
  chords: [
    { beat: 16, name: 'Fmaj7' },
    { beat: 24, name: 'Gsus2' },
  ],
  consistency: 1,
  roughness: 0.31,
};

export const ownPresets: Output<'ambient.presets'>['own'] = [
  { name: 'Rainy attic', params: { key: 'E', mode: 'aeolian', bpm: 46, intensity: 0.25 } },
];

export function jobs(busy: boolean): Job[] {
  const rows: [string, string, Job['status'], string, number, number | null][] = [
    [
      'movie.render',
      'Render The Keeper’s Map',
      busy ? 'running' : 'succeeded',
      'Moving the camera, shot 4 of 6',
      0.47,
      14,
    ],
    ['asset.import', 'Import a file', busy ? 'queued' : 'succeeded', '', 0, null],
    ['audio.normalize', 'Normalise Evening take.flac', 'succeeded', '', 1, null],
    ['audio.convert', 'Convert Harbour.mp4', 'failed', '', 0.2, null],
    ['ambient.render', 'Render ambient music', 'cancelled', '', 0.6, null],
    ['asset.import', 'Import Piano, close.flac', 'interrupted', '', 0.3, null],
  ];
  return rows.map(([operation, title, status, stage, fraction, eta], i) => ({
    id: `j${i + 1}`,
    operation,
    title,
    status,
    stage,
    fraction,
    eta_secs: eta,
    project: 'p1',
    created_at: at(i + 1),
    started_at: at(i + 1),
    finished_at: busy && i < 2 ? null : at(i + 0.6),
    attempt: 1,
    input: { film: 'f1' },
    output: null,
    error:
      status === 'failed'
        ? {
            code: 'disk_full',
            message: 'No room is left in /home/you: 12 MB were needed, 3 MB are free.',
            hint: 'Free some space, then retry.',
          }
        : null,
  }));
}

export const log: LogLine[] = [
  { at: at(2), level: 'info', text: 'Painted 2 pictures, kept 5' },
  {
    at: at(1.8),
    level: 'warning',
    text: 'The voice “Ava” is not here; “English (GB)” speaks instead',
  },
  { at: at(1.2), level: 'info', text: 'Mixed at −16.0 LUFS, true peak −1.2 dBTP' },
];

export const settings: Setting[] = [
  setting(
    'appearance.theme',
    'Theme',
    'Light, dark, or whatever the system uses.',
    'string',
    'system',
    {
      choices: ['system', 'light', 'dark'],
    },
  ),
  setting(
    'projects.folder',
    'Projects folder',
    'Where new projects are created. Empty: AV Studio in your documents folder.',
    'string',
    '',
  ),
  setting(
    'audio.output_device',
    'Output device',
    'Name of the sound device to play through. Empty: the system’s default.',
    'string',
    '',
  ),
  setting(
    'audio.latency_ms',
    'Output latency in ms',
    'Sound kept ready for the device. More survives a busy machine, less answers faster.',
    'integer',
    120,
    { minimum: 20, maximum: 1000, origin: 'file', value: 200 },
  ),
  setting(
    'film.width',
    'Film width in pixels',
    'Width of rendered films where a render does not say otherwise.',
    'integer',
    1280,
    { minimum: 160, maximum: 3840 },
  ),
  setting(
    'film.height',
    'Film height in pixels',
    'Height of rendered films where a render does not say otherwise.',
    'integer',
    720,
    { minimum: 90, maximum: 2160 },
  ),
  setting(
    'jobs.cpu_slots',
    'Jobs at a time',
    'How many processor-bound jobs run at once; further ones wait. Holds from the next start.',
    'integer',
    1,
    { minimum: 1, maximum: 16 },
  ),
  setting(
    'models.policy',
    'Choice of models',
    'What matters most when no model is chosen by hand.',
    'string',
    'balanced',
    {
      choices: ['balanced', 'local_only', 'cheapest', 'fastest', 'best', 'custom'],
    },
  ),
  setting(
    'models.private',
    'Words stay on this machine',
    'New conversations are kept from every model that runs elsewhere.',
    'boolean',
    false,
  ),
  setting(
    'models.hub_url',
    'Hub that models come from',
    'Address of a mirror of Hugging Face’s hub. Empty: as `HF_ENDPOINT` says, else the hub itself.',
    'string',
    '',
  ),
  setting(
    'budget.daily_limit_usd',
    'Daily limit in US dollars',
    'Hard limit for paid services in one day. Nothing is ever spent at 0.',
    'number',
    0,
    { minimum: 0, maximum: 100_000, origin: 'environment' },
  ),
];

function setting(
  key: string,
  title: string,
  summary: string,
  type: string,
  value: string | number | boolean,
  more: Partial<Setting> = {},
): Setting {
  return { key, title, summary, type, value, default: value, origin: 'default', ...more };
}

export const settingError = new StudioError({
  code: 'bad_input',
  message: '`audio.latency_ms` is 5, less than 20.',
  field: '/value',
});

export const system: SystemInfo = {
  version: '0.1.0',
  home: '/home/you/.local/share/av-studio',
  projects_folder: '/home/you/Documents/AV Studio',
  ffmpeg: '5.1.7',
  audio_devices: ['Built-in Audio Analog Stereo', 'USB Interface 2i2'],
  default_audio_device: 'Built-in Audio Analog Stereo',
  voices: true,
};
