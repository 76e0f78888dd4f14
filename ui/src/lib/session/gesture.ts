// A gesture on a control: what it would do is shown at once, and done once, at its end.

/** Keys belong to one gesture while they follow each other this fast. */
const PAUSE_MS = 600;

export interface Outcome<T> {
  /** Shows what it would come to; `null`: nothing is under way. */
  show: (value: T | null) => void;
  commit: (value: T) => Promise<unknown>;
}

/** Ends the gesture; the others go on with it or belong to nothing. */
const KEEPS_GOING = /^(Arrow|Page|Home$|End$|Shift$)/;

export class Gesture<T> {
  #value: T | null = null;
  #isPressed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly outcome: Outcome<T>) {}

  /** By pointer it ends with the release, by keys when no other follows. */
  move(value: T): void {
    this.#value = value;
    this.outcome.show(value);
    clearTimeout(this.#timer);
    if (!this.#isPressed) this.#timer = setTimeout(() => this.end(), PAUSE_MS);
  }

  press(): void {
    this.end();
    this.#isPressed = true;
  }

  release(): void {
    this.#isPressed = false;
    this.end();
  }

  /** What is shown stays until the commit is through: then the document is the same, or as it was. */
  end(): void {
    clearTimeout(this.#timer);
    const value = this.#value;
    if (value === null) return;
    this.#value = null;
    const work = this.outcome.commit(value).finally(() => {
      if (this.#last === work && this.#value === null) this.outcome.show(null);
    });
    this.#last = work;
  }

  /** Hears where presses and keys end it; answers how to stop that, which ends it too. */
  listen(target: EventTarget): () => void {
    const listeners: [string, (event: Event) => void][] = [
      ['pointerdown', (event) => (opensList(event) ? this.end() : this.press())],
      ['pointerup', () => this.release()],
      ['pointercancel', () => this.release()],
      ['keydown', (event) => !KEEPS_GOING.test((event as KeyboardEvent).key) && this.end()],
    ];
    for (const [type, hear] of listeners) target.addEventListener(type, hear, { capture: true });
    return () => {
      for (const [type, hear] of listeners) {
        target.removeEventListener(type, hear, { capture: true });
      }
      this.release();
    };
  }
}

/** A list that opens keeps the release for itself. */
function opensList({ target }: Event): boolean {
  return /^(SELECT|OPTION)$/.test((target as Partial<Element> | null)?.tagName ?? '');
}
