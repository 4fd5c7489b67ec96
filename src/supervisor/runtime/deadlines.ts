import type { Clock } from '../contract/clock.ts';

/** Deadlines are kept to this many milliseconds: none of them is finer, and one timer serves them all. */
const TICK_MS = 20;

/**
 * One coarse timer for all deadlines of a thread. Adding and taking back cost a set operation each; a timer
 * exists only while a deadline does. Deadlines fire at most one tick late, never early.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #slots = new Map<number, Set<() => void>>();
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
    if (!this.#disarm) this.#arm();
    return () => {
      slot.delete(expire);
      if (slot.size > 0 || this.#slots.get(tick) !== slot) return;
      this.#slots.delete(tick);
      if (this.#slots.size === 0) this.close();
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
  }

  #arm(): void {
    const next = (Math.floor(this.#clock.now() / TICK_MS) + 1) * TICK_MS;
    this.#disarm = this.#clock.after(next - this.#clock.now(), () => this.#fire());
  }

  #fire(): void {
    const now = Math.floor(this.#clock.now() / TICK_MS);
    // All ticks up to now: a late timer (a busy loop, a suspended machine) has several to catch up with.
    const due = [...this.#slots.keys()].filter((tick) => tick <= now).sort((a, b) => a - b);
    for (const tick of due) {
      const slot = this.#slots.get(tick);
      this.#slots.delete(tick);
      for (const expire of slot ?? []) expire();
    }
    this.#disarm = null;
    if (this.#slots.size > 0) this.#arm();
  }
}
