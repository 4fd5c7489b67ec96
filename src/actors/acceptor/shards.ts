import type { Clock } from '../../supervisor/contract/clock.ts';

/** A shard that did not take a connection is left alone for so long: its restart takes about as much. */
const REST_MS = 100;
/** What a shard said of its sessions is good for so long: they end without a word to us, and one that is busy does not answer. */
const KNOWN_MS = 10_000;

interface Shard {
  sessions: number;
  saidAt: number;
  pending: number;
  restsUntil: number;
}

const fresh = (): Shard => ({ sessions: 0, saidAt: Number.NEGATIVE_INFINITY, pending: 0, restsUntil: 0 });

/** How loaded each transport shard is, as far as its answers tell. */
export class Shards {
  readonly #clock: Clock;
  readonly #size: () => number;
  /** Also those that were shards once: what they were given may still be answered. */
  readonly #shards: Shard[] = [];

  /** `size`: how many there are at the moment. */
  constructor(clock: Clock, size: () => number) {
    this.#clock = clock;
    this.#size = size;
  }

  /** The least loaded one; null while none takes connections. */
  pick(): number | null {
    const now = this.#clock.now();
    let best: number | null = null;
    let least = Number.POSITIVE_INFINITY;
    const size = this.#size();
    for (let index = 0; index < size; index++) {
      const shard = this.#shard(index);
      if (shard.restsUntil > now) continue;
      const load = shard.pending + (now - shard.saidAt < KNOWN_MS ? shard.sessions : 0);
      if (load >= least) continue;
      best = index;
      least = load;
    }
    return best;
  }

  /** Those that had sessions when they said so last. */
  get occupied(): readonly number[] {
    const size = this.#size();
    return this.#shards.flatMap(({ sessions }, index) => (sessions > 0 && index < size ? index : []));
  }

  /** Of all, as they said last. */
  get sessions(): number {
    return this.#shards.slice(0, this.#size()).reduce((sum, { sessions }) => sum + sessions, 0);
  }

  /** It has so many sessions now. */
  said(index: number, sessions: number): void {
    const shard = this.#shard(index);
    shard.sessions = sessions;
    shard.saidAt = this.#clock.now();
  }

  given(index: number): void {
    this.#shard(index).pending++;
  }

  /** The handshake is over; null: the shard did not answer. */
  answered(index: number, sessions: number | null): void {
    const shard = this.#shard(index);
    shard.pending--;
    this.said(index, sessions ?? 0);
    if (sessions === null) shard.restsUntil = shard.saidAt + REST_MS;
  }

  #shard(index: number): Shard {
    while (this.#shards.length <= index) this.#shards.push(fresh());
    return this.#shards[index]!;
  }
}
