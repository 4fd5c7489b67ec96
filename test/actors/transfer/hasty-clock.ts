import type { Clock } from '../../../src/supervisor/contract/clock.ts';

/** Real time, but whoever waits for a second or more has waited already. */
export class HastyClock implements Clock {
  #skipped = 0;

  now(): number {
    return performance.now() + this.#skipped;
  }

  wall(): number {
    return Date.now() + this.#skipped;
  }

  after(ms: number, callback: () => void): () => void {
    if (ms < 1_000) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    }
    const skip = setImmediate(() => {
      this.#skipped += ms;
      callback();
    });
    return () => clearImmediate(skip);
  }
}
