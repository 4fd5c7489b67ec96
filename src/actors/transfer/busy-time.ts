import type { Clock } from '../../supervisor/contract/clock.ts';

/** Time during which at least one of something went on. */
export class BusyTime {
  readonly #clock: Clock;
  #running = 0;
  #since = 0;
  #ms = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get seconds(): number {
    const open = this.#running > 0 ? this.#clock.now() - this.#since : 0;
    return (this.#ms + open) / 1000;
  }

  async during<T>(work: Promise<T>): Promise<T> {
    if (this.#running++ === 0) this.#since = this.#clock.now();
    try {
      return await work;
    } finally {
      if (--this.#running === 0) this.#ms += this.#clock.now() - this.#since;
    }
  }
}
