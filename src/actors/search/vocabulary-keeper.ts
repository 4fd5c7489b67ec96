import type { Clock } from '../../supervisor/contract/clock.ts';
import { runSliced } from '../run-sliced.ts';
import type { Segment } from './segment-reader.ts';
import type { Shares } from './shares.ts';
import { Vocabulary } from './vocabulary.ts';

/** What a query waits for words to be gathered: seconds for ten million items, once. */
const PATIENCE_MS = 5_000;

/** Keeps the vocabulary in line with the segments, from the first query on that has need of it. */
export class VocabularyKeeper {
  readonly #shares: Shares;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #vocabulary = new Vocabulary();
  readonly #held = new Set<Segment>();
  #revision = -1;
  #running: Promise<void> | null = null;

  constructor(shares: Shares, clock: Clock, signal: AbortSignal) {
    this.#shares = shares;
    this.#clock = clock;
    this.#signal = signal;
  }

  /** The words of all that is searched now; null when they are not gathered in time. */
  async words(): Promise<Vocabulary | null> {
    if (this.#revision === this.#shares.revision) return this.#vocabulary;
    let cancel = () => {};
    const late = new Promise<null>((resolve) => {
      cancel = this.#clock.after(PATIENCE_MS, () => resolve(null));
    });
    try {
      return await Promise.race([this.#follow().then(() => this.#vocabulary), late]);
    } finally {
      cancel();
    }
  }

  /** After a change, so that no segment is held that is not searched any more. Does nothing before the first use. */
  async changed(): Promise<void> {
    if (this.#revision >= 0 || this.#running !== null) await this.#follow();
  }

  #follow(): Promise<void> {
    this.#running ??= this.#bring().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #bring(): Promise<void> {
    while (this.#revision !== this.#shares.revision) {
      const revision = this.#shares.revision;
      const wanted = new Set([...this.#shares.values()].map(({ segment }) => segment));
      for (const segment of [...this.#held].filter((each) => !wanted.has(each))) {
        this.#held.delete(segment);
        await runSliced(this.#vocabulary.remove(segment), this.#clock, this.#signal);
      }
      for (const segment of wanted) {
        if (this.#held.has(segment)) continue;
        this.#held.add(segment);
        await runSliced(this.#vocabulary.add(segment), this.#clock, this.#signal);
      }
      this.#revision = revision;
    }
  }
}
