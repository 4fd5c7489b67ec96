import type { Clock } from '../supervisor/contract/clock.ts';

/** The time of the world for one life of a node: its timers die with it. */
export class NodeClock implements Clock {
  readonly #world: Clock;
  readonly #timers = new Set<() => void>();
  #stopped = false;

  constructor(world: Clock) {
    this.#world = world;
  }

  now(): number {
    return this.#world.now();
  }

  wall(): number {
    return this.#world.wall();
  }

  after(ms: number, callback: () => void): () => void {
    if (this.#stopped) return () => {};
    const cancel = this.#world.after(ms, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }
}
