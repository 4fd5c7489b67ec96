import type { Clock } from '../../supervisor/contract/clock.ts';

/** A shard that did not take a connection is left alone for so long: its restart takes about as much. */
const REST_MS = 100;

interface Shard {
  sessions: number;
  pending: number;
  restsUntil: number;
}

/** How loaded each transport shard is, as far as its answers tell. */
export class Shards {
  readonly #clock: Clock;
  readonly #shards: Shard[];

  constructor(clock: Clock, count: number) {
    this.#clock = clock;
    this.#shards = Array.from({ length: count }, () => ({ sessions: 0, pending: 0, restsUntil: 0 }));
  }

  /** The least loaded one; null while none takes connections. */
  pick(): number | null {
    const now = this.#clock.now();
    let best: number | null = null;
    for (const [index, shard] of this.#shards.entries()) {
      if (shard.restsUntil > now) continue;
      if (best === null || load(shard) < load(this.#shards[best]!)) best = index;
    }
    return best;
  }

  given(index: number): void {
    this.#shards[index]!.pending++;
  }

  /** The handshake is over; null: the shard did not answer. */
  answered(index: number, sessions: number | null): void {
    const shard = this.#shards[index]!;
    shard.pending--;
    if (sessions !== null) shard.sessions = sessions;
    else {
      shard.sessions = 0;
      shard.restsUntil = this.#clock.now() + REST_MS;
    }
  }
}

const load = ({ sessions, pending }: Shard): number => sessions + pending;
