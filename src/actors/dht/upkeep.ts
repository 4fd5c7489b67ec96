import type { NodeId } from '../../protocol/objects/ids.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { shardOf } from '../ask-peer.ts';
import type { OwnAddresses } from '../own-addresses.ts';
import { targetAt } from '../peer-candidates.ts';
import { candidateFrom } from './candidates.ts';
import { type DhtContext, unixNow } from './context.ts';
import type { Lookups } from './lookups.ts';
import type { Publisher } from './publisher.ts';
import type { TableKeeper } from './table-keeper.ts';
import type { ValueStore } from './value-store.ts';

const EVERY_MS = 60_000;
/**
 * After joining, what is nearest to this node is looked for again after so long, and then once an hour: the first time the
 * neighbours may be as new as this node, and each has to know the others, or values are left where nobody looks.
 */
const SELF_AGAIN_MS = [60_000, 300_000];
const SELF_MS = 60 * 60_000;
/** Buckets looked through at a time. */
const REFRESHES = 2;
/** Buckets with few nodes that are filled with the second look, the farthest first: they are most of the network. */
const MOST_THIN = 3;
/** Peers of former lives that are dialled when this one begins. */
const KNOWN_PEERS = 60;
const DIAL_MS = 10_000;
/** From the first node met to the first lookup: others may come with it. */
const JOIN_MS = 500;

interface Parts {
  readonly own: NodeId;
  readonly keeper: TableKeeper;
  readonly lookups: Lookups;
  readonly values: ValueStore;
  readonly publisher: Publisher;
  readonly addresses: OwnAddresses;
}

/** What the DHT does by itself: finds its way into the network, keeps its table fresh, forgets what is over. */
export class Upkeep {
  readonly #context: DhtContext;
  readonly #parts: Parts;
  readonly #ending = new AbortController();
  #wake = new AbortController();
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** Since it joined. */
  #looks = 0;

  constructor(context: DhtContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  async run(): Promise<void> {
    await this.#quietly(async () => {
      await this.#parts.addresses.look();
      await this.#recall();
    });
    while (!this.#ending.signal.aborted) {
      await this.#quietly(() => this.#round());
      await this.#pause(EVERY_MS);
    }
  }

  /** Somebody was met while nobody was known: the way into the network. */
  joined(): void {
    this.#lookedAt = Number.NEGATIVE_INFINITY;
    this.#looks = 0;
    this.#wake.abort();
  }

  end(): void {
    this.#ending.abort();
  }

  /** Goes on with the peers of former lives: a node comes back where it was. */
  async #recall(): Promise<void> {
    const known = await this.#context.refs.store.ask('knownPeers', { limit: KNOWN_PEERS });
    this.#parts.keeper.learnt(
      known.map(({ address, nodeKey }) => `${address}@${nodeKey}`),
      'this node',
    );
  }

  async #round(): Promise<void> {
    const { own, keeper, lookups, values, publisher, addresses } = this.#parts;
    const { clock, metrics, signal } = this.#context;
    await addresses.look();
    values.sweep(Number(unixNow(this.#context)));
    metrics.set('values', values.count);
    metrics.set('value_bytes', values.bytes);
    if (keeper.table.size === 0) await this.#bootstrap();
    if (keeper.table.size > 0) {
      if (clock.now() - this.#lookedAt >= (SELF_AGAIN_MS[this.#looks - 1] ?? SELF_MS)) {
        this.#lookedAt = clock.now();
        this.#looks++;
        if (this.#looks === 1) await this.#pause(JOIN_MS);
        await lookups.findNode(own, signal);
        const thin = this.#looks === 2 ? keeper.thinTargets().slice(0, MOST_THIN) : [];
        for (const target of thin) await lookups.findNode(target, signal);
      }
      for (const target of keeper.staleTargets().slice(0, REFRESHES)) await lookups.findNode(target, signal);
    }
    publisher.look();
  }

  async #bootstrap(): Promise<void> {
    const { config, refs, signal } = this.#context;
    const { keeper } = this.#parts;
    const typed = config.bootstrap.flatMap(
      (text) => candidateFrom(text, 'operator', null, keeper.rules) ?? [],
    );
    // What comes of each dial is told as of every other.
    await Promise.allSettled(
      typed.map(({ address, nodeKey }) => {
        const target = targetAt(address, nodeKey);
        return shardOf(refs.transport, target).ask('connect', target, { deadlineMs: DIAL_MS, signal });
      }),
    );
  }

  async #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#context;
    this.#wake = new AbortController();
    const ends = AbortSignal.any([signal, this.#ending.signal, this.#wake.signal]);
    try {
      await sleep(clock, ms, ends);
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }

  /** An actor that is being restarted costs a round, not this life. */
  async #quietly(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof ActorError) || this.#context.signal.aborted) throw error;
      this.#context.log.debug({ code: error.code, reason: error.message }, 'upkeep of the DHT was put off');
    }
  }
}
