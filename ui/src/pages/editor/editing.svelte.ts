// What the page holds beside the document: the view, the selection, and what is being dragged.

import { apply } from '$lib/session/apply';
import type { OwnerId, Target } from '$lib/session/automation';
import { clipEnd, sessionEnd } from '$lib/session/clips';
import { TRACK_PX, topOf, topsOf, trackAt, type Stretch } from '$lib/session/geometry';
import type { Units } from '$lib/session/ruler';
import { secsOf, samplesOf } from '$lib/session/time';
import type { Clip, Edit, Range, Session, Track } from '$lib/session/types';
import * as views from '$lib/session/view';
import type { SessionStore } from '$lib/store/session.svelte';
import type { CarriedSound } from './carrying';
import { placed } from './dragging';
import type { Place } from './sources';

/** A clip of the session with its track. */
export interface Found {
  clip: Clip;
  track: Track;
  index: number;
}

export class Editing {
  /** Ids of clips. */
  selected = $state.raw<ReadonlySet<number>>(new Set());
  range = $state.raw<Range | null>(null);
  /** Tracks that the range is meant for; empty: all. */
  rangeTracks = $state.raw<number[]>([]);
  /** Point of an envelope that keys move. */
  point = $state.raw<{ clip: number; at: number } | null>(null);
  /** Curves that are open below their tracks, or below all for the mix. */
  open = $state.raw<ReadonlyMap<OwnerId, Target>>(new Map());
  /** Point of an open curve that keys move. */
  knot = $state.raw<{ owner: OwnerId; index: number } | null>(null);
  /** Said beside the pointer. */
  hint = $state.raw<{ x: number; y: number; text: string } | null>(null);
  /** What the panel beside the tracks shows, and whether it is open. */
  part = $state<'sounds' | 'clip' | 'curve'>('sounds');
  side = $state(false);
  /** Whose curve the panel shows. */
  curve = $state<OwnerId>(null);
  /** Sample at the left edge. */
  from = $state(0);
  samplesPerPx = $state(480);
  widthPx = $state(1);
  /** Pixels that the tracks are scrolled down by, and how many of them are seen. */
  top = $state(0);
  heightPx = $state(1);
  snap = $state(true);
  units = $state<Units>('time');
  /** Clips show their spectra instead of their waves. */
  spectral = $state(false);
  /** The focused track. */
  track = $state<number | null>(null);
  /** Track that is recorded to. */
  armed = $state<number | null>(null);
  /** Edits that a drag would make if it ended now. */
  pending = $state.raw<Edit[]>([]);
  /** A sound that is dragged from a list. */
  carried = $state.raw<CarriedSound | null>(null);
  /** The element that shows the tracks. */
  lanes: HTMLElement | null = null;
  /** Said to screen readers: what happened last. */
  said = $state('');

  constructor(readonly session: SessionStore) {}

  /** The document as the studio has it. */
  readonly document: Session | null = $derived.by(() => this.session.view?.session ?? null);
  /** The document as it is drawn: with the drag that is under way. */
  readonly shown: Session | null = $derived.by(() => {
    const session = this.document;
    return session && this.pending.length > 0 ? apply(session, this.pending) : session;
  });
  readonly end: number = $derived.by(() => (this.document ? sessionEnd(this.document) : 0));
  readonly tops: number[] | undefined = $derived.by(() =>
    topsOf(this.document?.tracks ?? [], this.open),
  );
  readonly view: Stretch = $derived.by(() => ({
    from: this.from,
    samplesPerPx: this.samplesPerPx,
    widthPx: this.widthPx,
    top: this.top,
    tops: this.tops,
  }));

  get rate(): number {
    return this.document?.rate ?? 48_000;
  }

  select(clips: Iterable<number>): void {
    this.selected = new Set(clips);
    this.point = this.knot = null;
  }

  /** The chosen point of an envelope, where it is still there. */
  get chosen(): { clip: Clip; index: number } | null {
    const { point } = this;
    const clip = point && this.found().find((each) => each.clip.id === point.clip)?.clip;
    const index = clip ? clip.envelope.findIndex(({ at }) => at === point?.at) : -1;
    return clip && index >= 0 ? { clip, index } : null;
  }

  /** The selected clips in order of tracks and time. */
  found(): Found[] {
    const tracks = this.document?.tracks ?? [];
    return tracks.flatMap((track, index) =>
      track.clips.filter(({ id }) => this.selected.has(id)).map((clip) => ({ clip, track, index })),
    );
  }

  samples(secs: number): number {
    return samplesOf(secs, this.rate);
  }

  secs(samples: number): number {
    return secsOf(samples, this.rate);
  }

  show(view: views.TimeView): void {
    this.from = view.from;
    this.samplesPerPx = view.samplesPerPx;
  }

  /** Zooms at a place of the screen; without one at the playhead if that is seen. */
  zoom(factor: number, x?: number): void {
    const playhead = views.xOf(this.view, this.session.at);
    const seen = playhead >= 0 && playhead <= this.widthPx;
    const at = x ?? (seen ? playhead : this.widthPx / 2);
    this.show(views.zoomedAt(this.view, factor, at, this.end, this.rate));
  }

  scroll(px: number): void {
    this.show(views.scrolledBy(this.view, px, this.end));
  }

  /** Another size of the tracks; a session that was shown whole stays so. */
  resize(widthPx: number, heightPx: number): void {
    const whole = views.fitted(this.end, this.rate, this.widthPx).samplesPerPx;
    const isWhole = this.widthPx < 2 || Math.abs(this.samplesPerPx / whole - 1) < 1e-3;
    this.widthPx = widthPx;
    this.heightPx = heightPx;
    if (isWhole) this.fit();
    else this.show(views.clamped(this.view, this.end));
  }

  fit(): void {
    this.show(views.fitted(this.end, this.rate, this.widthPx));
  }

  follow(sample: number): void {
    this.show(views.following(this.view, sample, this.end));
  }

  /** Where something that is let go at a point of the page comes to lie; `null` beside the tracks. */
  placeAt(clientX: number, clientY: number, shift = false): Place | null {
    const box = this.lanes?.getBoundingClientRect();
    if (!box) return null;
    const [x, y] = [clientX - box.left, clientY - box.top];
    if (x < 0 || y < 0 || x > box.width || y > box.height) return null;
    const track = this.document?.tracks[trackAt(this.view, y)];
    return { at: placed(this, { x, shift }), track: track?.id ?? null };
  }

  /** Brings a clip on the screen; answers where the tracks must be scrolled to. */
  reveal({ clip, index }: Found): number {
    const [left, right] = [views.xOf(this.view, clip.start), views.xOf(this.view, clipEnd(clip))];
    if (right < 0 || left > this.widthPx) this.follow(clip.start);
    const y = topOf(this.view, index);
    return Math.min(y, Math.max(this.top, y + TRACK_PX - this.heightPx));
  }
}
