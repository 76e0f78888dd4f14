// One open film on screen: the plan, the player or the silent storyboard, and what is chosen.

import { Playback } from '$lib/store/playback.svelte';
import { films } from '$lib/store/films.svelte';
import { at, fps, placeShots, planDuration } from '$lib/timeline';
import type { Film } from '$lib/types';

const STORYBOARD_RATE = { num: 24, den: 1 };

export class FilmSession {
  readonly playback = new Playback();
  /** Shot that is being edited. */
  editing = $state<string | null>(null);
  captions = $state(true);
  #board = $state(0);
  #boardPlays = $state(false);
  #opened = '';

  constructor(
    readonly project: string,
    readonly id: string,
  ) {}

  readonly film: Film | undefined = $derived.by(() => films.get(this.id));
  readonly shots = $derived(this.film ? placeShots(this.film.plan) : []);
  /** The player is open: frames and sound come from the rendered film. */
  readonly rendered = $derived(this.playback.info !== null);
  readonly duration = $derived(
    this.playback.info?.duration_secs ?? (this.film ? planDuration(this.film.plan) : 0),
  );
  readonly rate = $derived(this.playback.info?.frame_rate ?? STORYBOARD_RATE);
  readonly seconds = $derived(this.rendered ? this.playback.seconds : this.#board);
  readonly frame = $derived(Math.floor(this.seconds * fps(this.rate) + 1e-3));
  readonly playing = $derived(this.rendered ? this.playback.playing : this.#boardPlays);
  readonly shot = $derived(at(this.shots, this.seconds));
  readonly caption = $derived.by(() => {
    const line = at(
      (this.film?.plan.dialogue_timeline ?? []).map((each) => ({
        ...each,
        start: each.start_time_sec,
      })),
      this.seconds,
    );
    const ends = line ? line.start + line.duration_sec : 0;
    return line?.type === 'dialogue' && this.seconds < ends ? (line.text ?? null) : null;
  });

  /** Opens the rendered film when there is a new one, at the place where one was. */
  async follow() {
    const render = this.film?.render;
    const key = render ? `${render.video_path} ${render.rendered_at}` : '';
    if (!this.film || key === this.#opened) return;
    const place = this.seconds;
    this.#opened = key;
    this.#boardPlays = false;
    if (!render) return this.playback.close();
    if (await this.playback.open({ project: this.project, film: this.id })) {
      this.playback.seekSeconds(place);
    }
  }

  toggle() {
    if (this.rendered) return void this.playback.toggle();
    this.#boardPlays = !this.#boardPlays;
    if (!this.#boardPlays) return;
    if (this.#board >= this.duration - 0.01) this.#board = 0;
    this.#run(performance.now());
  }

  seek(seconds: number) {
    const target = Math.min(this.duration, Math.max(0, seconds));
    if (this.rendered) this.playback.seekSeconds(target);
    else this.#board = target;
  }

  step(frames: number) {
    if (this.rendered) this.playback.step(frames);
    else this.seek((this.frame + frames) / fps(this.rate));
  }

  close() {
    this.#boardPlays = false;
    void this.playback.close();
  }

  /** The silent storyboard runs by the screen's clock, only while it plays. */
  #run(before: number) {
    requestAnimationFrame((now) => {
      if (!this.#boardPlays) return;
      this.#board = Math.min(this.duration, this.#board + Math.max(0, now - before) / 1000);
      if (this.#board >= this.duration) this.#boardPlays = false;
      else this.#run(now);
    });
  }
}
