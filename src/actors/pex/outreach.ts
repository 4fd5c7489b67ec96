import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { shardOf } from '../ask-peer.ts';
import { eachBounded } from '../each-bounded.ts';
import { everyShard } from '../every-shard.ts';
import { targetAt } from '../peer-candidates.ts';
import { TokenBuckets } from '../token-buckets.ts';
import type { PeerTarget } from '../transport/contract.ts';
import { type PexContext, unixNow } from './context.ts';
import { peersToDial } from './dial-plan.ts';
import type { Exchange, HeldSession } from './exchange.ts';
import type { PeerBook } from './peer-book.ts';
import { sampleOf } from './sample.ts';
import type { DueSeed, Seeds } from './seeds.ts';

/** After a start, until the first round: the other actors come up. */
const FIRST_ROUND_MS = 200;
/** Between rounds while connections are wanted, and while there are enough; up to half as much longer by chance. */
const WANTING_MS = 2_000;
const CONTENT_MS = 10_000;
/** Dials under way at once. */
const DIALS_AT_ONCE = 4;
/** Seeds dialled in one round: they are others' too, and one that answers knows more. */
const SEEDS_A_ROUND = 3;
/** Dials in all: one in two seconds, twelve at once. */
const DIALS_PER_SECOND = 0.5;
const DIAL_BURST = 12;
const DIAL_MS = 20_000;
/** With fewer peers than that hearsay is tried in every round, else once a minute. */
const FEW_PEERS = 64;
const HEARSAY_MS = 60_000;
/** A connection that ended is not made again at once. */
const REST_MS = 20_000;

export interface OutreachParts {
  readonly book: PeerBook;
  readonly seeds: Seeds;
  readonly exchange: Exchange;
  readonly random: () => number;
}

/**
 * Keeps up as many connections to the network as are wanted: to nodes of the bootstrap list first, then to peers that
 * answered before, the best of them, then to those that others told of.
 */
export class Outreach {
  readonly #context: PexContext;
  readonly #parts: OutreachParts;
  readonly #budget = new TokenBuckets(DIALS_PER_SECOND, DIAL_BURST);
  #held: readonly HeldSession[] = [];
  #triedHearsayAt = Number.NEGATIVE_INFINITY;
  #wake = new AbortController();
  #ended = false;

  constructor(context: PexContext, parts: OutreachParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** Addresses this node dialled and is connected to now. */
  async look(): Promise<ReadonlySet<string>> {
    return addressesOf(await this.#sessions());
  }

  /** The next round is now: there are new seeds, or another number of connections is wanted. */
  wake(): void {
    this.#wake.abort();
  }

  /** No round begins after this. */
  end(): void {
    this.#ended = true;
    this.wake();
  }

  /** Until the actor stops. */
  async run(): Promise<void> {
    const { clock, log, signal } = this.#context;
    await sleep(clock, FIRST_ROUND_MS, signal);
    while (!this.#ended) {
      let wanting = true;
      try {
        wanting = await this.round();
      } catch (error) {
        if (!(error instanceof ActorError) || signal.aborted) throw error;
        log.debug({ code: error.code, reason: error.message }, 'no round to keep up connections');
      }
      const pause = (wanting ? WANTING_MS : CONTENT_MS) * (1 + this.#parts.random() / 2);
      await sleep(clock, pause, AbortSignal.any([signal, this.#wake.signal])).catch(() => {});
      signal.throwIfAborted();
      this.#wake = new AbortController();
    }
  }

  /** One look at what there is, and what is to be done. True: more connections are wanted than there are. */
  async round(): Promise<boolean> {
    const { exchange } = this.#parts;
    const { config, metrics } = this.#context;
    const held = await this.#sessions();
    const addresses = addressesOf(held);
    for (const { address } of this.#held) if (!addresses.has(address)) this.#rest(address);
    this.#held = held;
    metrics.set('outbound', held.length);
    await exchange.round(held, config.outbound);
    const missing = config.outbound - new Set(held.map(({ nodeKey }) => nodeKey)).size;
    if (missing > 0) await this.#reachOut(missing);
    else if (config.outbound > 0) await this.#tryHearsay(1);
    return missing > 0;
  }

  async #reachOut(missing: number): Promise<void> {
    const { book, seeds, random } = this.#parts;
    const { clock, config } = this.#context;
    const connected = addressesOf(this.#held);
    const due = sampleOf(seeds.due(connected), Math.min(missing, SEEDS_A_ROUND), random);
    const peers = peersToDial(
      {
        peers: book.table.all(),
        busy: connected,
        connectedKeys: new Set(this.#held.map(({ nodeKey }) => nodeKey)),
        ready: (peer) => book.isReady(peer) && seeds.placeAt(peer.address) === null,
        anyNet: config.scope === 'test',
      },
      missing - due.length,
      unixNow(this.#context),
      random,
    );
    const dials = [
      ...due.map((seed) => () => this.#dialSeed(seed)),
      ...peers.map((peer) => () => this.#dial(peer)),
    ];
    await eachBounded(dials, DIALS_AT_ONCE, async (dial) => {
      const now = clock.now();
      if (!this.#budget.has('', now)) return;
      this.#budget.take('', now);
      await dial();
    });
    await this.#tryHearsay(missing - dials.length);
  }

  /** One that answers is a known peer from then on: the transport tells of it. */
  async #tryHearsay(count: number): Promise<void> {
    const { book } = this.#parts;
    const now = this.#context.clock.now();
    const pauseMs = book.table.size < FEW_PEERS ? 0 : HEARSAY_MS;
    const wanted = now - this.#triedHearsayAt >= pauseMs ? Math.max(1, count) : count;
    for (let tried = 0; tried < Math.min(wanted, DIALS_AT_ONCE) && this.#budget.has('', now); tried++) {
      const rumour = book.tryHearsay();
      if (rumour === null) return;
      this.#triedHearsayAt = now;
      this.#budget.take('', now);
      const { address, nodeKey } = rumour;
      await this.#dial({ address, ...(nodeKey !== null && { nodeKey }) });
    }
  }

  async #dialSeed(seed: DueSeed): Promise<void> {
    const { seeds } = this.#parts;
    const { signal } = this.#context;
    try {
      let last: ActorError | null = null;
      for (const target of await seeds.targetsOf(seed)) {
        last = await this.#dial(target);
        if (last === null) return seeds.answered(seed.place);
      }
      if (last !== null) seeds.failed(seed.place, last);
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      seeds.failed(seed.place, error);
    }
  }

  /** Null: there is a session now. The transport tells everybody of it, or of the failure. */
  async #dial({ address, nodeKey }: PeerTarget): Promise<ActorError | null> {
    const { metrics, refs, signal } = this.#context;
    // Of a QUIC address the TCP one beside it may be the one that answers.
    const target = targetAt(address, nodeKey ?? null);
    metrics.add('dials', 1);
    try {
      await shardOf(refs.transport, target).ask('connect', target, { deadlineMs: DIAL_MS, signal });
      return null;
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      metrics.add('dials_failed', 1);
      return error;
    }
  }

  async #sessions(): Promise<readonly HeldSession[]> {
    const { refs, signal } = this.#context;
    const held = await everyShard(refs.transport, async (shard) => {
      const sessions = await shard.ask('dialled', null, { signal });
      return sessions.map(({ address, nodeKey, since }) => ({ address, nodeKey, since, shard }));
    });
    signal.throwIfAborted();
    // Those there are longest stay those that are kept.
    return held.sort((a, b) => a.since - b.since || (a.address < b.address ? -1 : 1));
  }

  #rest(address: string): void {
    const { book } = this.#parts;
    if (book.table.get(address) !== null) book.waiting.until(address, this.#context.clock.now() + REST_MS);
  }
}

const addressesOf = (sessions: readonly HeldSession[]): ReadonlySet<string> =>
  new Set(sessions.map(({ address }) => address));
