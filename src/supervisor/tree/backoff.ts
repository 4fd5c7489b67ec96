import type { Clock } from '../contract/clock.ts';

/** First restart at once, then doubling to this. */
const MAX_DELAY_MS = 5_000;
const FIRST_DELAY_MS = 100;

/**
 * Restart accounting of one group of children: counts restarts in a sliding period and answers how long to
 * wait before the next one. A restart is counted before it is tried.
 */
export class RestartBudget {
  readonly #intensity: number;
  readonly #periodMs: number;
  readonly #clock: Clock;
  readonly #random: () => number;
  #times: number[] = [];
  readonly #streaks = new Map<string, { count: number; last: number }>();

  constructor(intensity: number, periodMs: number, clock: Clock, random: () => number = Math.random) {
    this.#intensity = intensity;
    this.#periodMs = periodMs;
    this.#clock = clock;
    this.#random = random;
  }

  /** Restarts within the period that ends now. */
  get recent(): number {
    const now = this.#clock.now();
    return this.#times.filter((time) => now - time < this.#periodMs).length;
  }

  /** Counts one restart. `exceeded` means the group must give up; else wait `delayMs` first. */
  count(child: string): { exceeded: boolean; delayMs: number } {
    const now = this.#clock.now();
    this.#times = this.#times.filter((time) => now - time < this.#periodMs);
    this.#times.push(now);
    const streak = this.#streaks.get(child);
    // A child that lived through a whole period starts over.
    const count = streak && now - streak.last < this.#periodMs ? streak.count : 0;
    this.#streaks.set(child, { count: count + 1, last: now });
    const delay = count === 0 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - 1));
    // Up to a quarter of jitter, so that children that died of one cause do not return in one instant.
    return { exceeded: this.#times.length > this.#intensity, delayMs: delay * (1 + this.#random() / 4) };
  }
}
