import type { Clock } from '../../supervisor/contract/clock.ts';

/** A pass takes half of an interval beyond the one it waited for. */
const PASSES_APART = 1.5;
/** At least so many may be sent at once after a quiet time, whatever the rate. */
const LEAST_BURST = 120;
/** What is owed beyond so many seconds' worth is forgotten: nothing waits for ever because of one big share. */
const MAX_DEBT_SECONDS = 600;

/**
 * Requests to peers that passes nobody waits for may send: a rate on average, and at once what flows in from one pass to the next.
 * More may be sent than is left, because a share that was begun is brought to its end: it is owed.
 */
export class RequestBudget {
  readonly #clock: Clock;
  #perSecond: number;
  #burst: number;
  #left: number;
  #at: number;

  constructor(clock: Clock, perSecond: number, intervalMs: number) {
    this.#clock = clock;
    this.#at = clock.now();
    this.#perSecond = perSecond;
    this.#burst = burstOf(perSecond, intervalMs);
    this.#left = this.#burst;
  }

  configure(perSecond: number, intervalMs: number): void {
    this.#fill();
    this.#perSecond = perSecond;
    this.#burst = burstOf(perSecond, intervalMs);
    this.#left = Math.min(this.#left, this.#burst);
  }

  /** Below one: nothing more is to be begun. */
  get left(): number {
    this.#fill();
    return this.#left;
  }

  take(requests = 1): void {
    this.#fill();
    this.#left = Math.max(this.#left - requests, -this.#perSecond * MAX_DEBT_SECONDS);
  }

  #fill(): void {
    const now = this.#clock.now();
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1000) * this.#perSecond);
    this.#at = now;
  }
}

const burstOf = (perSecond: number, intervalMs: number): number =>
  Math.max(LEAST_BURST, ((perSecond * intervalMs) / 1000) * PASSES_APART);
