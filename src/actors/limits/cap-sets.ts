import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../supervisor/contract/clock.ts';
import { CapMemory, capSet, noCaps } from '../cap-set.ts';
import { Latest } from '../latest.ts';
import type { Cap, CapSet, Direction } from './contract.ts';

/** How long octets may still be counted in a set that another one took the place of: until every shard has heard of it. */
const LATE_MS = 5_000;

interface Metered {
  readonly memory: CapMemory;
  readonly seen: Record<Direction, number>;
  /** When another set took its place. */
  endedAt: number;
}

/** The set of caps in force, who follows it, and what was metered under it and its predecessors. */
export class CapSets {
  readonly #clock: Clock;
  readonly #current = new Latest(noCaps());
  #metered: Metered[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Puts these in force, unless they are. True: they were not. */
  put(caps: readonly Cap[], metered: boolean): boolean {
    const { current } = this;
    if (current.metered === metered && isDeepStrictEqual(current.caps, caps)) return false;
    const now = this.#clock.now();
    for (const each of this.#metered) each.endedAt = Math.min(each.endedAt, now);
    // Counters begin anew with every set: a rate that changes leaves no debt and no savings behind.
    const next = capSet(caps, now, metered);
    const memory = new CapMemory(next.memory, caps.length);
    if (metered) this.#metered.push({ memory, seen: { up: 0, down: 0 }, endedAt: Number.POSITIVE_INFINITY });
    this.#current.value = next;
    return true;
  }

  get current(): CapSet {
    return this.#current.value;
  }

  /** Octets metered since the last time. */
  takeMetered(direction: Direction): number {
    const now = this.#clock.now();
    let sum = 0;
    for (const { memory, seen } of this.#metered) {
      const octets = memory.metered(direction);
      sum += octets - seen[direction];
      seen[direction] = octets;
    }
    this.#metered = this.#metered.filter(({ endedAt }) => now - endedAt < LATE_MS);
    return sum;
  }

  follow(signal: AbortSignal): AsyncGenerator<CapSet, void, undefined> {
    return this.#current.follow(signal);
  }
}
