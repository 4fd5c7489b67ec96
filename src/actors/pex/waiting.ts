import { backoffMs } from './backoff.ts';

const MAX_WAITING = 8_192;

/** Addresses that failed and wait; bounded, the one that waits longest already is forgotten first. */
export class Waiting {
  readonly #until = new Map<string, number>();
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  after(address: string, failures: number, nowMs: number): void {
    this.until(address, nowMs + backoffMs(failures, this.#random));
  }

  until(address: string, ms: number): void {
    this.#until.delete(address);
    if (this.#until.size >= MAX_WAITING) this.#until.delete(this.#until.keys().next().value!);
    this.#until.set(address, ms);
  }

  clear(address: string): void {
    this.#until.delete(address);
  }

  has(address: string, nowMs: number): boolean {
    return (this.#until.get(address) ?? Number.NEGATIVE_INFINITY) > nowMs;
  }
}
