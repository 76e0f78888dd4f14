// A few operations with schemas, as the registry tells them.

import type { Json, OperationInfo } from '$lib/types';

const project = { type: 'string', description: 'The project’s folder, id or name.' };
const source = { path: { type: 'string' }, project, asset: { type: 'string' } };

export const operations: OperationInfo[] = [
  define(
    'ambient.render',
    'Render ambient music',
    'Renders minutes of the endless score to a file.',
    {
      duration_secs: { type: 'number', minimum: 1, maximum: 36_000 },
      key: { enum: ['C', 'D', 'E', 'F', 'G', 'A', 'B'], default: 'D' },
      mode: { enum: ['aeolian', 'dorian', 'lydian'], default: 'dorian' },
      bpm: { type: 'number', minimum: 40, maximum: 90, default: 60 },
      intensity: { type: 'number', minimum: 0, maximum: 1, default: 0.5 },
      seed: { type: 'integer', default: 1 },
      project,
    },
  ),
  define('audio.convert', 'Convert audio', 'Writes a sound in another format, with its tags.', {
    ...source,
    format: { enum: ['wav', 'flac', 'mp3'] },
  }),
  define('audio.spectrogram', 'Read a spectrogram', 'Answers levels over time and frequency.', {
    ...source,
    columns: { type: 'integer', default: 1024 },
  }),
  define(
    'audio.loudness',
    'Measure loudness',
    'Measures loudness, range and true peak (EBU R 128).',
    {
      ...source,
    },
  ),
  define(
    'movie.plan',
    'Plan a film',
    'Writes a film from one sentence: shots, dialogue, pictures.',
    {
      sentence: { type: 'string' },
      duration_secs: { type: 'number', minimum: 5, maximum: 600, default: 30 },
      seed: { type: 'integer', default: 1 },
    },
  ),
  define('project.list', 'List projects', 'Lists the known projects, newest first.', {}),
  define('speech.synthesize', 'Speak a text', 'Speaks a text with a voice of this machine.', {
    text: { type: 'string' },
    rate: { type: 'number', minimum: 0.5, maximum: 2, default: 1 },
    loud: { type: 'boolean', default: false, description: 'Speak up.' },
  }),
  define('mcp.servers', 'List MCP servers', 'Lists the servers whose tools may be used.', {}),
  define('model.loaded', 'Show the loaded model', 'Tells which model is in memory.', {}),
  define(
    'model.list',
    'List models that run here',
    'Lists the models that this program can run by itself.',
    {},
  ),
  define('system.info', 'About this machine', 'Tells version, folders and sound devices.', {}),
];

function define(name: string, title: string, summary: string, properties: object): OperationInfo {
  return {
    name,
    title,
    summary,
    traits: {
      resource: 'cpu',
      job: false,
      writes: false,
      spends: false,
      approval: false,
      blob: null,
    },
    positional: null,
    input_schema: {
      type: 'object',
      properties: properties as Json,
      required: Object.keys(properties).slice(0, 1),
    },
    output_schema: {},
  };
}
