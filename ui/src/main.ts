// Starts the window: connects, listens, then draws.

import { mount } from 'svelte';
import App from './App.svelte';
import Unreachable from '$shell/Unreachable.svelte';
import '$design/tokens.css';
import '$design/base.css';
import { toStudioError } from '$lib/error';
import { ambient } from '$lib/store/ambient.svelte';
import { appearance } from '$lib/store/appearance.svelte';
import { chats } from '$lib/store/chats.svelte';
import { start, transport } from '$lib/store/connection';
import { films } from '$lib/store/films.svelte';
import { jobs } from '$lib/store/jobs.svelte';
import { library } from '$lib/store/library.svelte';
import { router } from '$lib/store/route.svelte';
import { weights } from '$lib/store/weights.svelte';
import { sessions } from '$lib/store/sessions.svelte';
import { settings } from '$lib/store/settings.svelte';
import { quietly } from '$lib/store/toasts.svelte';
import { connect } from '$lib/transport';

async function open(target: HTMLElement) {
  appearance.start();
  try {
    await start(await connect());
  } catch (thrown) {
    mount(Unreachable, { target, props: { error: toStudioError(thrown) } });
    return;
  }
  router.start();
  films.start();
  sessions.start();
  ambient.start();
  chats.start();
  weights.start();
  void quietly(settings.start());
  void quietly(library.start());
  void quietly(jobs.start());
  void quietly(openLaunched());
  mount(App, { target });
  // The frame after the first one: by then the first is on the screen.
  requestAnimationFrame(() => requestAnimationFrame(() => transport().ready()));
}

/** `av-studio --project FOLDER` shows that project first. */
async function openLaunched() {
  const path = await transport().launchProject();
  if (!path) return;
  const { id } = await library.open(path);
  router.go({ page: 'project', project: id });
}

const target = document.getElementById('app');
if (target) void open(target);
