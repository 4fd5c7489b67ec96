import type { Clock } from '../../supervisor/contract/clock.ts';

/** Counts deaths, and says when they are too many for a time. */
export class DeathWindow {
  readonly #most: number;
  readonly #ms: number;
  readonly #clock: Clock;
  #times: number[] = [];

  constructor(most: number, ms: number, clock: Clock) {
    this.#most = most;
    this.#ms = ms;
    this.#clock = clock;
  }

  /** Counts one more. True when it is one too many. */
  count(): boolean {
    const now = this.#clock.now();
    this.#times = this.#times.filter((time) => now - time < this.#ms);
    this.#times.push(now);
    return this.#times.length > this.#most;
  }
}
