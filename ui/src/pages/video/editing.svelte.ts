// One film on screen: the player, in and out point, cuts that were found, and what is set in the tools.

import { Playback } from '$lib/store/playback.svelte';
import { jobs } from '$lib/store/jobs.svelte';
import { attempt } from '$lib/store/toasts.svelte';
import { secondsAt } from '$lib/timeline';
import type { Asset, Rational, Scene, SceneDetector } from '$lib/types';
import { NEUTRAL, type Adjustments } from '$lib/video/adjust';
import { dragged, isWhole, nextCut, rangeInput, snapped, whole } from '$lib/video/range';
import { withIn, withOut, type Range } from '$lib/video/range';

export type Tool = 'trim' | 'frames' | 'sound' | 'adjust';

/** Scenes by the film's digest: the same bytes never change their cuts. */
const found = new Map<string, Scene[]>();

export class VideoEditing {
  readonly playback = new Playback();
  tool = $state<Tool>('trim');
  detector = $state<SceneDetector>('content');
  /** `null`: nobody looked for cuts yet. */
  scenes = $state.raw<Scene[] | null>(null);
  finding = $state(false);
  adjustments = $state.raw<Adjustments>(NEUTRAL);
  /** The picture is shown as it would become. */
  previews = $state(true);
  #range = $state.raw<Range | null>(null);

  constructor(
    readonly project: string,
    readonly asset: Asset,
  ) {
    this.scenes = found.get(asset.digest) ?? null;
  }

  readonly rate: Rational = $derived.by(
    () => this.playback.info?.frame_rate ?? this.asset.video?.frame_rate ?? { num: 25, den: 1 },
  );
  readonly frames = $derived.by(() => this.playback.info?.frames ?? this.asset.video?.frames ?? 1);
  readonly width = $derived.by(() => this.playback.info?.width ?? this.asset.video?.width ?? 16);
  readonly height = $derived.by(() => this.playback.info?.height ?? this.asset.video?.height ?? 9);
  /** Seconds of pictures; the sound may be longer. */
  readonly duration = $derived(secondsAt(this.frames, this.rate));
  readonly range = $derived(this.#range ?? whole(this.frames));
  readonly isWhole = $derived(isWhole(this.range, this.frames));
  /** First frames of all scenes but the first. */
  readonly cuts = $derived(
    (this.scenes ?? [])
      .slice(1)
      .map(({ start_secs }) => Math.round((start_secs * this.rate.num) / this.rate.den)),
  );

  /** What the operations call this film. */
  get source() {
    return { project: this.project, asset: this.asset.id };
  }

  get rangeInput() {
    return rangeInput(this.range, this.rate, this.frames);
  }

  async open() {
    await this.playback.open(this.source);
  }

  close() {
    void this.playback.close();
  }

  setIn(frame: number = this.playback.frame) {
    this.#range = withIn(this.range, frame, this.frames);
  }

  /** Ends with the picture `frame`: it is the last one that belongs to the stretch. */
  setOut(frame: number = this.playback.frame) {
    this.#range = withOut(this.range, frame + 1, this.frames);
  }

  clearRange() {
    this.#range = null;
  }

  /** Moves a handle to `frame`, or to a cut within `reach`. */
  drag(edge: 'in' | 'out', frame: number, reach: number) {
    const to = snapped(frame, this.cuts, reach);
    this.#range = dragged(this.range, edge, to, this.frames);
  }

  /** Shows the first or last picture of the stretch. */
  showEdge(edge: 'in' | 'out') {
    void this.playback.seek(edge === 'in' ? this.range.from : this.range.to - 1);
  }

  toCut(step: -1 | 1) {
    void this.playback.seek(nextCut(this.cuts, this.playback.frame, step, this.frames));
  }

  async findCuts() {
    this.finding = true;
    const wish = { ...this.source, detector: this.detector };
    const answer = await attempt(jobs.run('video.scenes', wish));
    this.finding = false;
    if (!answer) return;
    this.scenes = answer.scenes;
    found.set(this.asset.digest, answer.scenes);
  }
}
