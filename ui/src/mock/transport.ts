// A studio made of paper: fixed answers for looking at pages without the real one. Development
// builds only, at `/?mock`; scenes are `full`, `empty`, `busy`, `error` and `long`.

import { StudioError } from '$lib/error';
import type { Answer, Transport } from '$lib/transport';
import { browserDrops } from '$lib/transport/browser';
import type { AmbientStatus, Json, StudioEvent } from '$lib/types';
import { paperChats } from './chats';
import * as data from './data';
import { paperEffects } from './effects';
import { paperGateway } from './gateway';
import { csv } from './costs';
import { operations } from './operations';
import { peaks, picture, samples, screen, spectrum, still } from './pictures';
import { paperSessions } from './sessions';
import { paperServers } from './servers';
import { paperVideo } from './video';
import { paperWeights } from './weights';
import { paperPlayer } from './player';

type Handler = (input: Record<string, Json>) => unknown;

export function mockTransport(scene: string): Transport {
  const listeners = new Set<(event: StudioEvent) => void>();
  const emit = (event: StudioEvent) => listeners.forEach((listener) => listener(event));
  const handlers = answers(scene || 'full', emit);
  const { jobs, ...files } = paperWeights(scene, emit);
  Object.assign(handlers, files);

  return {
    picksFolders: true,
    streamAddress: null,
    async call(operation, input): Promise<Answer> {
      const begin = jobs[operation as keyof typeof jobs];
      if (begin) return { kind: 'job', job: begin(input as Record<string, Json>) };
      const handler = handlers[operation];
      if (!handler) throw missing(operation);
      return { kind: 'done', output: (await handler(input as Record<string, Json>)) as Json };
    },
    async callBytes(operation, input) {
      const values = input as Record<string, Json>;
      if (operation === 'audio.peaks') {
        const seed = String(values['asset'] ?? values['path']);
        return peaks(seed, Number(values['samples_per_peak']), scene === 'busy' ? 3600 : 245.76);
      }
      if (operation === 'audio.samples') {
        return samples(Number(values['from']), Number(values['frames']));
      }
      if (operation === 'audio.spectrogram') {
        return spectrum(Number(values['from_secs']), Number(values['to_secs']), values);
      }
      if (operation === 'movie.picture')
        return picture(String(values['image']), Number(values['width']));
      if (operation === 'video.picture')
        return still(Number(values['at_secs']), Number(values['width']), values);
      if (operation === 'player.frame')
        return screen(Number(values['frame']), Number(values['width']));
      if (operation === 'gateway.export_costs') return new TextEncoder().encode(csv()).buffer;
      throw missing(operation);
    },
    operations: async () => operations,
    async subscribe(onEvent) {
      listeners.add(onEvent);
      return () => void listeners.delete(onEvent);
    },
    ready: () => undefined,
    launchProject: async () => null,
    pickFiles: async () => ['/home/you/Music/Evening take.wav'],
    pickFolder: async () => '/home/you/Documents/AV Studio/Night radio',
    onDrop: (handle) => browserDrops(async (file) => `/home/you/${file.name}`, handle),
  };
}

function answers(scene: string, emit: (event: StudioEvent) => void): Record<string, Handler> {
  const empty = scene === 'empty';
  let ambient: AmbientStatus = { ...data.ambient, playing: scene === 'busy' };
  let settings = data.settings;
  const film = scene === 'full' ? data.film : { ...data.film, render: null };
  const tell = (change: Partial<AmbientStatus>) => {
    ambient = { ...ambient, ...change };
    emit({ type: 'ambient.changed', status: ambient });
    return ambient;
  };
  return {
    'project.list': () => ({ projects: empty ? [] : data.projects }),
    'project.info': () => data.projects[0],
    'project.create': ({ name }) => ({ ...data.projects[0], name }),
    'project.open': () => {
      throw new StudioError({
        code: 'not_found',
        message: 'There is no project in /home/you/Desktop.',
        hint: 'A project’s folder holds the file studio.db.',
      });
    },
    'asset.list': () => ({ assets: empty ? [] : data.assets }),
    'asset.remove': () => data.assets[0],
    'asset.restore': () => data.assets[0],
    'asset.import': () => fail(),
    'audio.loudness': () => (scene === 'error' ? fail() : data.loudness),
    'audio.normalize': () => fail(),
    'audio.convert': () => fail(),
    ...paperEffects(scene),
    'audio.process': () => fail(),
    'movie.list': () => ({ films: empty ? [] : data.films }),
    'movie.get': () => film,
    'movie.plan': () =>
      scene === 'error' ? fail() : { film: 'f1', plan: film.plan, problems: [] },
    'movie.update_shot': () => film,
    'movie.undo': () => film,
    'movie.redo': () => film,
    'movie.estimate': () => data.estimate,
    'movie.render': () => fail(),
    ...paperPlayer(emit),
    ...paperVideo(scene),
    ...paperSessions(scene, emit),
    'ambient.status': () => ambient,
    'ambient.play': (input) => tell({ ...input, playing: true }),
    'ambient.set': (input) => tell(input),
    'ambient.stop': () => tell({ playing: false }),
    'ambient.ahead': () => data.ahead,
    'ambient.presets': () => ({ built_in: [], own: data.ownPresets }),
    'ambient.stop_recording': () => ({ was_recording: true }),
    'job.list': () => ({ jobs: empty ? [] : data.jobs(scene === 'busy') }),
    'job.show': () => ({ ...data.jobs(false)[0], log: data.log }),
    'job.cancel': ({ job }) => ({
      ...data.jobs(true).find(({ id }) => id === job),
      status: 'cancelled',
    }),
    'job.resume': () => fail(),
    'job.retry': () => fail(),
    'settings.get': () => ({ file: '/home/you/.config/av-studio/settings.toml', settings }),
    'settings.set': ({ key, value }) => {
      if (scene === 'error') throw data.settingError;
      settings = settings.map((each) =>
        each.key === key ? { ...each, value: value ?? null, origin: 'file' as const } : each,
      );
      return null;
    },
    'settings.reset': ({ key }) => {
      settings = settings.map((each) =>
        each.key === key ? { ...each, value: each.default, origin: 'default' as const } : each,
      );
      return null;
    },
    ...paperChats(scene, emit),
    ...paperGateway(scene),
    ...paperServers(scene),
    'system.info': () => data.system,
  };
}

function missing(operation: string): StudioError {
  return new StudioError({ code: 'not_found', message: `The paper studio cannot ${operation}.` });
}

function fail(): never {
  throw new StudioError({
    code: 'io',
    message: 'Evening take.wav: ends at sample 1,204,311 of 2,116,800; the first part was kept.',
    hint: 'Check the download, or import the file again.',
  });
}
