import type { CapMemory } from './cap-set.ts';
import type { Cap } from './limits/contract.ts';

/** One claim takes at most so many milliseconds of the cap. */
const CLAIM_MS = 50;
/** What is less is not worth a write, unless it is all that is wanted. */
const WORTH_MS = 20;
/** A claim may always be so long: at a few KiB a second records would be all frame otherwise. */
const MIN_CLAIM = 1024;
const MAX_WORTH = 16 * 1024;
/** What is not used is kept for so long, so that a thread that is late costs nothing of the cap; of 30 s it is 1.3 %. */
const DEPTH_MS = 400;
/** What was taken beyond the cap is remembered up to that. */
const DEBT_MS = 10_000;
/** Units a second at most: a word of 32 bits then lasts for half a minute, and is looked at every second. */
const MAX_UNITS_PER_SECOND = 2 ** 26;

/**
 * One cap as every shard sees it. What may have gone by now follows from the clock; what has gone is one word of shared
 * memory, modulo 2^32. The difference is what may go. Nothing is allocated by any of this.
 */
export class CapCounter {
  readonly cap: Cap;
  readonly index: number;
  readonly #memory: CapMemory;
  readonly #since: number;
  /** Octets a unit: a power of two, 1 up to 64 MiB a second. */
  readonly #unit: number;
  readonly #unitsPerMs: number;
  readonly #depth: number;
  readonly #debt: number;
  /** Octets that one claim takes at most. */
  readonly most: number;
  readonly #worth: number;

  constructor(cap: Cap, index: number, memory: CapMemory, since: number) {
    this.cap = cap;
    this.index = index;
    this.#memory = memory;
    this.#since = since;
    this.#unit = 2 ** Math.max(0, Math.ceil(Math.log2(Math.max(1, cap.rate) / MAX_UNITS_PER_SECOND)));
    this.#unitsPerMs = cap.rate / 1000 / this.#unit;
    this.#depth = Math.ceil(Math.max(this.#unitsPerMs * DEPTH_MS, (2 * MIN_CLAIM) / this.#unit));
    this.#debt = Math.ceil(Math.max(this.#unitsPerMs * DEBT_MS, this.#depth));
    this.most = Math.max(MIN_CLAIM, Math.floor((cap.rate * CLAIM_MS) / 1000));
    this.#worth = Math.min(MAX_WORTH, Math.max(MIN_CLAIM, Math.floor((cap.rate * WORTH_MS) / 1000)));
  }

  /** Nothing may go at all. */
  get shut(): boolean {
    return this.cap.rate === 0;
  }

  /** Octets that may go now, at most what one claim may take; 0 when it is not worth it yet. */
  claimable(wanted: number, now: number): number {
    const left = this.left(now);
    const most = Math.min(left, this.most, wanted);
    return most >= Math.min(wanted, this.#worth) ? most : 0;
  }

  /** Octets that may go; below zero: so many went too early. */
  left(now: number): number {
    if (this.cap.rate === 0) return 0;
    const { used: words } = this.#memory;
    const grown = Math.floor((now - this.#since) * this.#unitsPerMs);
    const used = Atomics.load(words, this.index);
    let left = (grown - used) | 0;
    const kept = Math.max(-this.#debt, Math.min(this.#depth, left));
    if (kept !== left) {
      // Somebody else may be at it as well: the word then is right already, or is set right the next time.
      Atomics.compareExchange(words, this.index, used, (grown - kept) | 0);
      left = kept;
    }
    return left * this.#unit;
  }

  /** So many octets go, or went. */
  charge(octets: number): void {
    Atomics.add(this.#memory.used, this.index, Math.ceil(octets / this.#unit));
  }

  /** Milliseconds until a claim of that is worth it; 0: it is now. */
  waitMs(wanted: number, now: number): number {
    const missing = Math.min(wanted, this.#worth) - this.left(now);
    return missing <= 0 ? 0 : missing / (this.cap.rate / 1000);
  }

  /** Chunks that all shards are sending under it. */
  get served(): number {
    return this.#memory.served(this.index);
  }

  /** Bytes a second of it for one more chunk, if all that are being sent get the same. */
  get share(): number {
    return this.cap.rate / (this.served + 1);
  }

  serves(shard: number, change: number): void {
    this.#memory.serves(this.index, shard, change);
  }
}

/** Caps that some octets are under, the widest first. */
export type CapPath = readonly CapCounter[];

/** Takes up to `wanted` octets from all of them; 0: not now. */
export function claim(path: CapPath, wanted: number, now: number): number {
  let most = wanted;
  // The narrowest first: what it allows is all that is wanted of the wider ones.
  for (let at = path.length - 1; at >= 0; at--) {
    most = path[at]!.claimable(most, now);
    if (most === 0) return 0;
  }
  for (const counter of path) counter.charge(most);
  return most;
}

/** Milliseconds until a claim of `wanted` octets may go through; Infinity when one of them is shut. */
export function claimWaitMs(path: CapPath, wanted: number, now: number): number {
  let wait = 0;
  for (const counter of path) wait = Math.max(wait, counter.shut ? Infinity : counter.waitMs(wanted, now));
  return wait;
}
