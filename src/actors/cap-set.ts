import type { Cap, CapSet, Direction } from './limits/contract.ts';

/** Shards there can be. */
export const MAX_SHARDS = 64;

/**
 * The counters of one set: octets metered by each shard and direction (a double, written by that shard alone), then a
 * word for each cap with what was used of it, then how many chunks each shard is sending under each cap.
 */
export class CapMemory {
  readonly used: Int32Array;
  readonly #meters: Float64Array;
  readonly #active: Int32Array;

  constructor(memory: SharedArrayBuffer, caps: number) {
    const meters = 2 * MAX_SHARDS;
    this.#meters = new Float64Array(memory, 0, meters);
    this.used = new Int32Array(memory, meters * 8, caps);
    this.#active = new Int32Array(memory, meters * 8 + caps * 4, caps * MAX_SHARDS);
  }

  static bytes(caps: number): number {
    return 2 * MAX_SHARDS * 8 + caps * 4 + caps * MAX_SHARDS * 4;
  }

  meter(direction: Direction, shard: number, octets: number): void {
    this.#meters[(direction === 'up' ? 0 : MAX_SHARDS) + shard]! += octets;
  }

  metered(direction: Direction): number {
    const from = direction === 'up' ? 0 : MAX_SHARDS;
    let sum = 0;
    for (let shard = 0; shard < MAX_SHARDS; shard++) sum += this.#meters[from + shard]!;
    return sum;
  }

  /** A shard sends one chunk more, or less, under that cap. */
  serves(cap: number, shard: number, change: number): void {
    Atomics.add(this.#active, cap * MAX_SHARDS + shard, change);
  }

  /** A shard begins: what its last life served is over. */
  clear(shard: number): void {
    for (let cap = 0; cap < this.used.length; cap++) {
      Atomics.store(this.#active, cap * MAX_SHARDS + shard, 0);
    }
  }

  /** Chunks that all shards are sending under that cap. */
  served(cap: number): number {
    let sum = 0;
    for (let shard = 0; shard < MAX_SHARDS; shard++) {
      sum += Atomics.load(this.#active, cap * MAX_SHARDS + shard);
    }
    return sum;
  }
}

/** A set without a cap. */
export const noCaps = (): CapSet => capSet([], 0, false);

export function capSet(caps: readonly Cap[], since: number, metered: boolean): CapSet {
  return { memory: new SharedArrayBuffer(CapMemory.bytes(caps.length)), since, caps, metered };
}
