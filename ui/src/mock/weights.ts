// Models of the paper studio's own, with downloads that take paper time.

import type { Job, Json, StudioEvent } from '$lib/types';
import type { LoadedModel, LocalModel, LocalModels, RepoFiles } from '$lib/types';
import { refusals } from './decisions';

type Values = Record<string, Json>;
type Row = [
  id: string,
  name: string,
  state: LocalModel['state'],
  gb: number,
  here: number,
  licence: string,
  free: boolean,
];

const rows: Row[] = [
  ['qwen3-4b-q4', 'Qwen3 4B', 'installed', 2.5, 1, 'apache-2.0', true],
  ['qwen3-0.6b-q8', 'Qwen3 0.6B', 'available', 0.64, 0, 'apache-2.0', true],
  ['llama-3.2-3b-q4', 'Llama 3.2 3B Instruct', 'partial', 2.02, 0.34, 'llama3.2', false],
  ['llama-3.1-70b-q4', 'Llama 3.1 70B Instruct', 'available', 42.5, 0, 'llama3.1', false],
  ['gemma-3-4b-q4', 'Gemma 3 4B', 'unsupported', 2.6, 0, 'gemma', false],
];

function local([id, name, state, gb, here, licence, free]: Row): LocalModel {
  const bytes = gb * 1e9;
  return {
    id: `local/${id}`,
    name,
    family: id.split('-')[0] ?? '',
    state,
    bytes,
    here_bytes: bytes * here,
    memory_bytes: bytes + 7e8,
    context_tokens: 40_960,
    capabilities: ['tools', 'json', 'schema'],
    architecture: state === 'unsupported' ? 'gemma3' : 'qwen3',
    quantisation: id.endsWith('q8') ? 'Q8_0' : 'Q4_K_M',
    format: 'gguf',
    repo: `unsloth/${name.replaceAll(' ', '-')}-GGUF`,
    revision: 'main',
    files: [{ path: `${id}.gguf`, bytes, here_bytes: bytes * here }],
    licence,
    licence_url: free ? null : 'https://example.com/licence',
    licence_is_free: free,
    is_found: false,
  };
}

export function paperWeights(scene: string, emit: (event: StudioEvent) => void) {
  let models = rows.map(local);
  if (scene === 'empty') models = [];
  let next = 1;
  let inMemory: string | null = scene === 'busy' ? 'local/qwen3-4b-q4' : null;
  const loaded = (): LoadedModel => ({
    model: inMemory,
    phase: inMemory ? (scene === 'busy' ? 'answering' : 'ready') : 'empty',
    fraction: null,
    waiting: 0,
    limit_bytes: 8e9,
    claimed_bytes: inMemory ? 3.2e9 : 0,
    resident_bytes: 4.1e9,
    resident_peak_bytes: 4.6e9,
  });
  const set = (id: Json | undefined, change: Partial<LocalModel>) => {
    models = models.map((each) => (each.id === id ? { ...each, ...change } : each));
  };

  /** A job that the page sees grow, and ends with `output`. */
  function job(operation: string, title: string, input: Values, ms: number, output: Json): Job {
    const at = new Date().toISOString();
    const made: Job = {
      id: `w${next++}`,
      operation,
      title,
      status: 'running',
      stage: '',
      fraction: 0,
      eta_secs: ms / 1000,
      project: null,
      created_at: at,
      started_at: at,
      finished_at: null,
      attempt: 1,
      input,
      output: null,
      error: null,
    };
    const begun = Date.now();
    const timer = setInterval(() => {
      const fraction = Math.min(1, (Date.now() - begun) / ms);
      const over = fraction === 1;
      if (over) clearInterval(timer);
      const model = models.find(({ id }) => id === input['model']);
      const all = (model?.bytes ?? 6.4e8) / 1e6;
      const stage =
        operation === 'model.download'
          ? `Downloading ${title}: ${Math.round(all * fraction)} of ${Math.round(all)} MB, 31.4 MB/s`
          : 'Verifying the files';
      if (over && operation === 'model.download')
        set(input['model'], { state: 'installed', here_bytes: model?.bytes ?? 0 });
      const now = over
        ? { status: 'succeeded' as const, output, finished_at: new Date().toISOString() }
        : {};
      emit({
        type: 'job.changed',
        job: { ...made, fraction, stage, eta_secs: ((1 - fraction) * ms) / 1000, ...now },
      });
    }, 200);
    return made;
  }

  const files: RepoFiles = {
    repo: 'unsloth/Qwen3-8B-GGUF',
    commit: 'a1b2c3',
    licence: 'apache-2.0',
    licence_url: null,
    licence_is_free: true,
    is_gated: false,
    files: ['Q2_K', 'Q4_K_M', 'Q6_K', 'Q8_0'].map((name, i) => ({
      path: `Qwen3-8B-${name}.gguf`,
      bytes: 3.3e9 + i * 1.9e9,
      sha256: null,
      is_here: i === 1,
    })),
    refused: [],
  };

  return {
    'model.list': (): LocalModels => ({
      models,
      folder: '/home/you/.cache/huggingface/hub',
      free_bytes: 38.2e9,
      here_bytes: models.reduce((sum, { here_bytes }) => sum + here_bytes, 0),
    }),
    'model.loaded': () => loaded(),
    'model.unload': () => {
      inMemory = null;
      return loaded();
    },
    'model.search': () => ({
      models: [],
      hub:
        scene === 'error'
          ? []
          : [
              'unsloth/Qwen3-8B-GGUF',
              'bartowski/Qwen3-8B-GGUF',
              'meta-llama/Llama-3.1-8B-Instruct-GGUF',
            ].map((repo, i) => ({
              repo,
              downloads: 812_400 / (i + 1) ** 2,
              likes: 412 - i * 90,
              licence: i === 2 ? 'llama3.1' : 'apache-2.0',
              is_gated: i === 2,
              changed: '2026-09-02T10:00:00Z',
            })),
      hub_problem:
        scene === 'error'
          ? { code: 'network', message: 'huggingface.co cannot be reached: no route to host' }
          : null,
    }),
    'model.files': () => {
      if (scene === 'error') throw refusals.offline;
      return files;
    },
    'model.remove': ({ model }: Values) => {
      const freed = models.find(({ id }) => id === model)?.here_bytes ?? 0;
      set(model, { state: 'available', here_bytes: 0 });
      return { files: [], freed_bytes: freed };
    },
    jobs: {
      'model.download': (input: Values) =>
        job('model.download', String(input['model'] ?? input['repo']), input, 12_000, {
          model: input['model'] ?? null,
        }),
      'model.verify': (input: Values) =>
        job('model.verify', 'Verify', input, 1500, {
          is_whole: scene !== 'error',
          files: [{ path: 'a.gguf', bytes: 1, result: scene === 'error' ? 'damaged' : 'whole' }],
        }),
      'model.load': (input: Values) => {
        setTimeout(() => (inMemory = String(input['model'])), 1500);
        return job('model.load', 'Load', input, 1800, {});
      },
      'model.import': (input: Values) =>
        job('model.import', 'Import', input, 1500, { model: 'local/imported', bytes: 6e8 }),
      'provider.pull': (input: Values) =>
        job('provider.pull', String(input['model']), input, 9000, { model: input['model'] ?? '' }),
    },
  };
}
