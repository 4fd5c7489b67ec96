import { CapCounter, type CapPath } from '../cap-counter.ts';
import { CapMemory, noCaps } from '../cap-set.ts';
import type { CapSet, Direction } from '../limits/contract.ts';

/** Idle counters are looked at so often: what they may keep of an idle time is bounded then. */
const LOOK_MS = 1_000;
/** Peers, and contents of each, whose caps are known at once. */
const MAX_KNOWN = 1_024;
const NO_PATH: CapPath = [];

/** What of the shard's clock this needs. */
interface CapClock {
  now(): number;
  after(ms: number, callback: () => void): () => void;
}

/**
 * The caps in force as this shard holds itself to them. While there are none, `on` is false, and nobody needs to ask
 * anything else.
 */
export class ShardCaps {
  /** There is a cap, or octets are metered. */
  on = false;
  readonly #clock: CapClock;
  readonly #shard: number;
  readonly #listeners = new Set<() => void>();
  #set: CapSet = noCaps();
  #memory = new CapMemory(this.#set.memory, 0);
  #counters: readonly CapCounter[] = [];
  #up: CapPath = NO_PATH;
  #down: CapPath = NO_PATH;
  /** Those of shares and peers. */
  #narrow: readonly CapCounter[] = [];
  readonly #paths = new Map<string, Map<readonly string[], CapPath>>();
  #disarm: (() => void) | null = null;

  constructor(clock: CapClock, shard: number) {
    this.#clock = clock;
    this.#shard = shard;
  }

  /** From now on these. */
  use(set: CapSet): void {
    this.#set = set;
    this.#memory = new CapMemory(set.memory, set.caps.length);
    this.#memory.clear(this.#shard);
    this.#counters = set.caps.map((cap, index) => new CapCounter(cap, index, this.#memory, set.since));
    this.#up = this.#global('up');
    this.#down = this.#global('down');
    this.#narrow = this.#counters.filter(({ cap }) => cap.scope !== 'global');
    this.#paths.clear();
    this.on = set.caps.length > 0 || set.metered;
    this.#disarm?.();
    this.#disarm = null;
    if (set.caps.length > 0) this.#look();
    for (const changed of [...this.#listeners]) changed();
  }

  /** Calls back when another set is in force. Returns a remover. */
  onChange(changed: () => void): () => void {
    this.#listeners.add(changed);
    return () => this.#listeners.delete(changed);
  }

  /** The caps on octets of these shares to or from that peer, the widest first. */
  path(direction: Direction, nodeKey: string, shareIds: readonly string[]): CapPath {
    const wide = direction === 'up' ? this.#up : this.#down;
    if (this.#narrow.length === 0) return wide;
    // Asked for with every chunk, of a few peers and contents: found again rather than made again.
    const name = `${direction} ${nodeKey}`;
    let known = this.#paths.get(name);
    if (known === undefined) {
      if (this.#paths.size >= MAX_KNOWN) this.#paths.clear();
      known = new Map();
      this.#paths.set(name, known);
    }
    let path = known.get(shareIds);
    if (path === undefined) {
      if (known.size >= MAX_KNOWN) known.clear();
      const narrow = this.#narrow.filter(({ cap: { scope, ids, direction: way } }) => {
        if (way !== direction) return false;
        return scope === 'peer' ? ids.includes(nodeKey) : ids.some((id) => shareIds.includes(id));
      });
      path = narrow.length === 0 ? wide : [...wide, ...narrow];
      known.set(shareIds, path);
    }
    return path;
  }

  /** The global cap; null: there is none. */
  widest(direction: Direction): CapCounter | null {
    return (direction === 'up' ? this.#up : this.#down)[0] ?? null;
  }

  /** The global cap in bytes a second; Infinity without one. */
  rate(direction: Direction): number {
    return this.widest(direction)?.cap.rate ?? Number.POSITIVE_INFINITY;
  }

  /** Octets left that nobody claimed: requests, answers, lists. They never wait, but count. */
  sent(octets: number): void {
    if (this.#set.metered) this.#memory.meter('up', this.#shard, octets);
    for (const counter of this.#up) counter.charge(octets);
  }

  /** Octets left that were claimed. */
  sentClaimed(octets: number): void {
    if (this.#set.metered) this.#memory.meter('up', this.#shard, octets);
  }

  /**
   * Octets came, under these caps (null: the global one alone). How many milliseconds nothing more should be read; 0:
   * none. A shut cap does not stop what was asked for already.
   */
  received(octets: number, path: CapPath | null, now: number): number {
    if (this.#set.metered) this.#memory.meter('down', this.#shard, octets);
    for (const counter of path ?? this.#down) counter.charge(octets);
    return path === null ? 0 : this.debtMs(path, now);
  }

  /** Milliseconds until nothing is owed on any of these. */
  debtMs(path: CapPath, now: number): number {
    let wait = 0;
    for (const counter of path) if (!counter.shut) wait = Math.max(wait, counter.waitMs(0, now));
    return wait;
  }

  serves(path: CapPath, change: 1 | -1): void {
    for (const counter of path) counter.serves(this.#shard, change);
  }

  close(): void {
    this.#disarm?.();
    this.#disarm = null;
    this.#memory.clear(this.#shard);
  }

  #global(direction: Direction): CapPath {
    return this.#counters.filter(({ cap }) => cap.scope === 'global' && cap.direction === direction);
  }

  #look(): void {
    this.#disarm = this.#clock.after(LOOK_MS, () => {
      const now = this.#clock.now();
      for (const counter of this.#counters) counter.left(now);
      this.#look();
    });
  }
}
