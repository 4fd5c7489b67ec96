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
  #nextTick = 0;

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
    this.#nextTick = Math.floor(this.#clock.now() / TICK_MS) + 1;
    this.#disarm = this.#clock.after(this.#nextTick * TICK_MS - this.#clock.now(), () => this.#fire());
  }

  #fire(): void {
    const now = Math.floor(this.#clock.now() / TICK_MS);
    // A late timer (a busy loop, a suspended machine) has several ticks to catch up with.
    if (now - this.#nextTick > this.#slots.size) {
      for (const tick of [...this.#slots.keys()].filter((key) => key <= now).sort((a, b) => a - b))
        this.#expire(tick);
    } else {
      for (let tick = this.#nextTick; tick <= now; tick++) this.#expire(tick);
    }
    this.#disarm = null;
    if (this.#slots.size > 0) this.#arm();
  }

  #expire(tick: number): void {
    const slot = this.#slots.get(tick);
    if (!slot) return;
    this.#slots.delete(tick);
    for (const expire of slot) expire();
  }
}
