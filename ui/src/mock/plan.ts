// A film for the paper studio.

import type { MoviePlan, Mode } from '$lib/types';

const beats: [string, number, string, string | null, string, Mode, number, number][] = [
  [
    'A lighthouse stands over a violet sea at dusk; one window is lit.',
    5,
    'push_in',
    null,
    'D',
    'aeolian',
    52,
    0.25,
  ],
  [
    'Mara, the keeper, lifts a green bottle from the surf.',
    5,
    'pan_right',
    'Somebody was very far away.',
    'D',
    'aeolian',
    54,
    0.35,
  ],
  [
    'On the table the map unrolls: not coasts, but constellations.',
    5,
    'tilt_down',
    null,
    'D',
    'dorian',
    56,
    0.5,
  ],
  [
    'She turns the great lamp away from the sea and up into the sky.',
    4,
    'rise',
    'Then let us answer.',
    'D',
    'dorian',
    60,
    0.75,
  ],
  [
    'Above the clouds a second light blinks, slowly, three times.',
    5.5,
    'hold',
    'There. Did you see?',
    'F',
    'lydian',
    60,
    0.9,
  ],
  [
    'Morning: the bottle goes back into the water with a new letter.',
    5.5,
    'pull_out',
    'Safe travels.',
    'F',
    'lydian',
    54,
    0.4,
  ],
];

const starts = beats.map((_, i) => beats.slice(0, i).reduce((sum, beat) => sum + beat[1], 0));

export const plan: MoviePlan = {
  title: 'The Keeper’s Map',
  base_images: Array.from({ length: beats.length + 1 }, (_, i) => ({
    id: `image_${i}`,
    prompt: beats[Math.max(0, i - 1)]?.[0] ?? '',
  })),
  shots: beats.map(([text, duration, camera, line, key, mode, bpm, intensity], i) => ({
    id: `shot_${i + 1}`,
    duration_sec: duration,
    visual_description: text,
    start_base_image_id: `image_${i}`,
    end_base_image_id: `image_${i + 1}`,
    camera,
    is_talking_closeup: line !== null,
    dialogue: line ? [{ character_id: 'mara', text: line }] : [],
    score: { key, mode, bpm, intensity },
  })),
  characters: [{ id: 'mara', name: 'Mara', description: 'keeps the light', voice_profile: {} }],
  dialogue_timeline: beats.flatMap(([, , , line], i) =>
    line
      ? [
          {
            type: 'dialogue' as const,
            start_time_sec: (starts[i] ?? 0) + 0.8,
            duration_sec: 2.2,
            character_id: 'mara',
            text: line,
          },
        ]
      : [],
  ),
  render_profile: { video: { model_id: 'storyboard', max_fps: 24 }, metadata: {} },
  metadata: { seed: 7 },
};
