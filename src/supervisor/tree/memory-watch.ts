import type { Log } from '../contract/actor.ts';
import type { Child } from './child.ts';

export interface MemoryLimits {
  /** Resident bytes of the process above which every actor is asked to shed load. */
  readonly shedBytes: number;
  /** Above which, where shedding did not help for `patienceMs`, the largest actor is restarted. */
  readonly cutBytes: number;
  readonly patienceMs: number;
}

/** Pressure ends below this share of the limit, so that it does not come and go with each round. */
const RELIEF = 0.9;

/**
 * Watches the resident memory of the whole process, which V8's limits do not bound: Buffers live outside of them.
 * Load is shed first; only an actor that grows all the same is cut, with cause `memory`.
 */
export class MemoryWatch {
  readonly #children: () => readonly Child[];
  readonly #limits: MemoryLimits;
  readonly #log: Log;
  readonly #now: () => number;
  readonly #rss: () => number;
  #high = false;
  #overSince: number | null = null;

  constructor(
    children: () => readonly Child[],
    limits: MemoryLimits,
    log: Log,
    now: () => number,
    rss: () => number = () => process.memoryUsage.rss(),
  ) {
    this.#children = children;
    this.#limits = limits;
    this.#log = log;
    this.#now = now;
    this.#rss = rss;
  }

  /** Once a round of the health checks. */
  readonly look = (): void => {
    const rss = this.#rss();
    const { shedBytes, cutBytes, patienceMs } = this.#limits;
    if (!this.#high && rss > shedBytes) this.#press(true, rss);
    else if (this.#high && rss < shedBytes * RELIEF) this.#press(false, rss);
    if (rss <= cutBytes) this.#overSince = null;
    else this.#overSince ??= this.#now();
    if (this.#overSince !== null && this.#now() - this.#overSince >= patienceMs) {
      this.#overSince = null;
      void this.#cutLargest(rss);
    }
  };

  /** What an actor that comes up now must be told. */
  greet(child: Child): void {
    if (this.#high) child.send({ type: 'pressure', level: 'high' });
  }

  #press(high: boolean, rss: number): void {
    this.#high = high;
    this.#log.warn(
      { rss, limit: this.#limits.shedBytes },
      high ? 'memory is short' : 'memory is enough again',
    );
    for (const child of this.#children()) {
      if (child.state === 'up') child.send({ type: 'pressure', level: high ? 'high' : 'normal' });
    }
  }

  async #cutLargest(rss: number): Promise<void> {
    const up = this.#children().filter((child) => child.state === 'up');
    const sizes = await Promise.all(up.map((child) => child.memory()));
    const largest = up[sizes.indexOf(Math.max(...sizes))];
    if (largest?.state !== 'up') return;
    this.#log.error({ rss, actor: largest.id }, 'shedding did not help: the largest actor is restarted');
    largest.terminate('memory');
  }
}
