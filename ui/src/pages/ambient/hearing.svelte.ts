// Where the score is heard, and what is shown and changed there: through the sound device of the
// studio's machine, or in this browser from the studio's stream.

import { listener } from '$lib/listen/listener.svelte';
import { ambient, type Score } from '$lib/store/ambient.svelte';
import { transport } from '$lib/store/connection';
import type { AmbientStatus } from '$lib/types';

export type Place = 'here' | 'studio';
type Sound = Score & { volume: number };

/** Where this browser keeps what it heard last. */
const KEPT = 'listening';

export class Hearing {
  /** Absent in the window: there the studio's machine is this one. */
  readonly address = transport().streamAddress;
  place = $state<Place>(this.address ? 'here' : 'studio');
  #own = $state.raw<Sound | null>(kept());

  here = $derived(this.place === 'here' && this.address !== null);

  status = $derived.by((): AmbientStatus | null => {
    const told = ambient.status;
    if (!told || !this.here) return told;
    return {
      ...told,
      ...this.#own,
      playing: listener.on,
      bar: listener.place?.bar ?? 0,
      chord: listener.place?.chord ?? null,
      next_chord: listener.place?.next_chord ?? null,
    };
  });

  /** Until the sleep timer stops it; `null` without one. */
  stopsInSecs = $derived(this.here ? listener.stopsInSecs : (this.status?.stops_in_secs ?? null));

  sleep(secs: number) {
    if (this.here) listener.stopAfter(secs);
    else ambient.set({ stop_after_secs: secs });
  }

  move(place: Place) {
    if (listener.on) listener.stop();
    this.place = place;
  }

  set(change: Partial<Sound>) {
    const { status } = this;
    if (!status) return;
    if (!this.here) return ambient.set(change);
    const { key, mode, bpm, intensity, volume } = { ...status, ...change };
    this.#own = { key, mode, bpm, intensity, volume };
    localStorage.setItem(KEPT, JSON.stringify(this.#own));
    listener.set({ key, mode, bpm, intensity }, volume);
  }

  toggle() {
    const { status, address } = this;
    if (!status) return;
    if (!this.here || !address) return void ambient.toggle();
    if (listener.on) return listener.stop();
    const { key, mode, bpm, intensity, volume } = status;
    void listener.start(address, { key, mode, bpm, intensity }, volume);
  }
}

function kept(): Sound | null {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? 'null') as Sound | null;
  } catch {
    return null;
  }
}
