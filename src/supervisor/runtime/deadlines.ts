import type { Clock } from '../contract/clock.ts';

/** Deadlines are kept to this many milliseconds: none of them is finer, and one timer serves them all. */
const TICK_MS = 20;

/**
 * One coarse timer for all deadlines of a thread, armed for the earliest of them. Adding and taking back cost a
 * set operation each: a timer that its deadline no longer needs stays armed for the next one, and finds nothing to do
 * if none comes. Deadlines fire at most one tick late, never early. Until `close` a timer may keep the thread alive.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #slots = new Map<number, Set<() => void>>();
  #armedFor = Number.POSITIVE_INFINITY;
  #disarm: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back after `ms` unless the returned function is called first. `Infinity` never fires. */
  add(ms: number, expire: () => void): () => void {
    if (ms === Number.POSITIVE_INFINITY) return () => {};
    const tick = Math.ceil((this.#clock.now() + Math.max(0, ms)) / TICK_MS);
    const slot = this.#slots.get(tick) ?? new Set();
    this.#slots.set(tick, slot);
    slot.add(expire);
    if (tick < this.#armedFor) this.#arm(tick);
    return () => {
      slot.delete(expire);
      if (slot.size === 0 && this.#slots.get(tick) === slot) this.#slots.delete(tick);
    };
  }

  get size(): number {
    let count = 0;
    for (const slot of this.#slots.values()) count += slot.size;
    return count;
  }

  close(): void {
    this.#disarm?.();
    this.#disarm = null;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #arm(tick: number): void {
    this.#disarm?.();
    this.#armedFor = tick;
    this.#disarm = this.#clock.after(Math.max(0, tick * TICK_MS - this.#clock.now()), () => this.#fire());
  }

  #fire(): void {
    this.#disarm = null;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = Math.floor(this.#clock.now() / TICK_MS);
    // All ticks up to now: a late timer (a busy loop, a suspended machine) has several to catch up with.
    const due = [...this.#slots.keys()].filter((tick) => tick <= now).sort((a, b) => a - b);
    for (const tick of due) {
      const slot = this.#slots.get(tick);
      this.#slots.delete(tick);
      for (const expire of slot ?? []) expire();
    }
    let next = Number.POSITIVE_INFINITY;
    for (const tick of this.#slots.keys()) next = Math.min(next, tick);
    if (next < this.#armedFor) this.#arm(next);
  }
}
