// What the page holds beside the document: the view, the selection, and what is being dragged.

import { apply } from '$lib/session/apply';
import { secsOf, samplesOf } from '$lib/session/time';
import type { Edit, Range, Session } from '$lib/session/types';
import type { SessionStore } from '$lib/store/session.svelte';

export class Editing {
  /** Ids of clips. */
  selected = $state.raw<ReadonlySet<number>>(new Set());
  range = $state.raw<Range | null>(null);
  /** Sample at the left edge. */
  from = $state(0);
  samplesPerPx = $state(480);
  widthPx = $state(1);
  /** Pixels that the tracks are scrolled down by, and how many of them are seen. */
  top = $state(0);
  heightPx = $state(1);
  snap = $state(true);
  /** The focused track. */
  track = $state<number | null>(null);
  /** Track that is recorded to. */
  armed = $state<number | null>(null);
  /** Edits that a drag would make if it ended now. */
  pending = $state.raw<Edit[]>([]);
  /** Said to screen readers: what happened last. */
  said = $state('');

  constructor(readonly session: SessionStore) {}

  /** The document as it is drawn: with the drag that is under way. */
  readonly shown: Session | null = $derived.by(() => {
    const session = this.session.view?.session ?? null;
    return session && this.pending.length > 0 ? apply(session, this.pending) : session;
  });

  select(clips: Iterable<number>): void {
    this.selected = new Set(clips);
  }

  samples(secs: number): number {
    return samplesOf(secs, this.rate);
  }

  secs(samples: number): number {
    return secsOf(samples, this.rate);
  }

  get rate(): number {
    return this.session.view?.session.rate ?? 48_000;
  }
}
