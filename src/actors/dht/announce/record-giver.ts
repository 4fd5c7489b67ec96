import { fromPeerAddr } from '../../../protocol/addresses/address.ts';
import { encodeWith } from '../../../protocol/cbor/codec.ts';
import { providersKey } from '../../../protocol/objects/dht-keys.ts';
import { targetOf } from '../../../protocol/objects/ids.ts';
import { type Providers, providers } from '../../../protocol/objects/providers.ts';
import { FIND_VALUE, STORE } from '../../../protocol/wire/message-types.ts';
import type { PeerAddr } from '../../../protocol/wire/peer-addr.ts';
import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import { sleep } from '../../../supervisor/contract/clock.ts';
import { askPeer } from '../../ask-peer.ts';
import { eachBounded } from '../../each-bounded.ts';
import type { OwnAddresses } from '../../own-addresses.ts';
import { TokenBuckets } from '../../token-buckets.ts';
import { type DhtContext, unixNow } from '../context.ts';
import { type Lookups, PATHS } from '../lookups.ts';
import { ownRecord } from '../own-record.ts';
import type { ReceiverBudgets } from '../receiver-budgets.ts';
import type { TableKeeper } from '../table-keeper.ts';
import { mergeProviders } from './merge-providers.ts';
import { type Receiver, Region } from './region.ts';

/** What a lookup found is used for so long, and so many of them at once. */
const REGION_MS = 10 * 60_000;
const MAX_REGIONS = 16;
/** Receivers of one content at the same time. */
const AT_ONCE = 4;
const REQUEST_MS = 6_000;
/** For a turn further away than that nobody waits. */
const MAX_WAIT_MS = 30_000;
/** Where receivers have no room for all, fewer are told of each content, and of fewer contents when it would be less than this. */
const MIN_REPLICAS = 2;
/** Others take the place of those that do not answer, so many times. */
const ROUNDS = 3;
/** Values that are taken to have cost one request each, before it is known. */
const PRIOR = 16;
/** Kept free of the rate, for what has to be said twice. */
const HEADROOM = 0.9;

interface Parts {
  readonly keeper: TableKeeper;
  readonly lookups: Lookups;
  readonly budgets: ReceiverBudgets;
  readonly addresses: OwnAddresses;
  readonly nodeKey: Uint8Array;
}

interface Plan {
  readonly region: Region;
  readonly madeAt: number;
  /** Nodes that each content is told to, and the part of the contents that is told at all. */
  readonly replicas: number;
  readonly reach: number;
}

/** `left`: not told, for want of room; `alone`: there was nobody to tell. */
export type Told = 'told' | 'failed' | 'left' | 'alone';

/** Tells the nodes nearest to a content that this one has it, no node more than it can be expected to take. */
export class RecordGiver {
  readonly #context: DhtContext;
  readonly #parts: Parts;
  #plans: Plan[] = [];
  #rate: { readonly perSecond: number; readonly tokens: TokenBuckets };
  #requests = 0;
  stores = 0;
  lookups = 0;

  constructor(context: DhtContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
    this.#rate = this.#rateOf(context.config.announcePerSecond);
  }

  /** `items`: in all, of which each is told once in `periodMs`. */
  async tell(contentId: Uint8Array, items: number, periodMs: number, signal: AbortSignal): Promise<Told> {
    const { keeper, addresses, nodeKey } = this.#parts;
    const key = providersKey(contentId);
    const plan = await this.#planFor(key, items, periodMs, signal);
    const record = ownRecord(contentId, addresses.advertised, nodeKey, unixNow(this.#context));
    if (plan === null || record === null) return 'alone';
    if (sampleOf(key) >= plan.reach) return 'left';
    const { budgets } = this.#parts;
    const queue = plan.region.nearest(targetOf(key));
    let told = 0;
    let asked = 0;
    for (let round = 0; round < ROUNDS && told < plan.replicas; round++) {
      const next: Receiver[] = [];
      while (queue.length > 0 && next.length < plan.replicas - told) {
        const receiver = queue.shift()!;
        if (budgets.hasRoom(receiver.nodeKey, this.#context.clock.now())) next.push(receiver);
      }
      asked += next.length;
      await eachBounded(next, AT_ONCE, async (receiver) => {
        const result = await this.#give(receiver, key, record, signal);
        if (result === 'stored') told++;
        if (result === 'gone') plan.region.drop(receiver);
      });
    }
    if (told > 0) return 'told';
    if (keeper.table.size === 0) return 'alone';
    return asked === 0 ? 'left' : 'failed';
  }

  /** Who is there may have changed. */
  forget(): void {
    this.#plans = [];
  }

  async #planFor(
    key: Uint8Array,
    items: number,
    periodMs: number,
    signal: AbortSignal,
  ): Promise<Plan | null> {
    const { clock } = this.#context;
    const target = targetOf(key);
    const now = clock.now();
    this.#plans = this.#plans.filter(({ madeAt }) => now - madeAt < REGION_MS);
    const known = this.#plans.find(({ region }) => region.receivers.length > 0 && region.covers(target));
    if (known !== undefined) return known;
    this.lookups++;
    // Over several paths: many contents go where it leads.
    const region = new Region(target, await this.#parts.lookups.findNode(target, signal, PATHS));
    if (region.receivers.length === 0) return null;
    const plan = { region, madeAt: clock.now(), ...this.#shareOut(region, items, periodMs) };
    this.#plans = [plan, ...this.#plans].slice(0, MAX_REGIONS);
    return plan;
  }

  /** Fewer nodes for each, then fewer contents: always the same ones, so that those that are told stay known. */
  #shareOut(region: Region, items: number, periodMs: number): { replicas: number; reach: number } {
    const { announceReplicas, announcePerSecond } = this.#context.config;
    const nodes = Math.max(region.inside, Math.min(announceReplicas, region.receivers.length));
    const near = region.nearest(region.target).slice(0, nodes);
    const room = near.reduce((sum, { nodeKey }) => sum + this.#parts.budgets.room(nodeKey), 0);
    const each = room / Math.max(1, items / 2 ** region.bits);
    const replicas = Math.min(announceReplicas, nodes, Math.max(MIN_REPLICAS, Math.floor(each)));
    const requests = ((announcePerSecond * periodMs) / 1000) * HEADROOM;
    const cost = (replicas * (this.#requests + PRIOR)) / (this.stores + PRIOR);
    return { replicas, reach: Math.min(1, each / replicas, requests / Math.max(1, items * cost)) };
  }

  async #give(
    receiver: Receiver,
    key: Uint8Array,
    record: Providers,
    signal: AbortSignal,
  ): Promise<'stored' | 'refused' | 'gone' | 'late'> {
    const { budgets, keeper } = this.#parts;
    const { clock, config } = this.#context;
    const { nodeKey, address } = receiver;
    try {
      if (!(await this.#turn(nodeKey, key[0]!, signal))) return 'late';
      const native = keeper.table.get(receiver.id)?.native ?? false;
      const list = native ? record : await this.#merged(receiver, key, record, signal);
      await this.#send(
        receiver,
        STORE,
        {
          key,
          value: encodeWith(providers, list),
          ttlSecs: BigInt(config.announceLifeSeconds),
        },
        signal,
      );
      this.stores++;
      this.#context.metrics.add('announce_stores', 1);
      return 'stored';
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      budgets.notTaken(nodeKey, clock.now(), key[0]!);
      if (error.code !== 'E_PEER_ERROR') {
        this.#context.log.debug({ address, code: error.code }, 'a node was not told of a content');
        return error.code === 'E_BUSY' ? 'late' : 'gone';
      }
      if (error.message.includes('rate limit')) budgets.pause(nodeKey, clock.now());
      else if (/no room|full|capacity/i.test(error.message)) budgets.full(nodeKey, clock.now());
      return 'refused';
    }
  }

  /** A node of the reference keeps the last list alone: what others wrote is written again with ours. */
  async #merged(
    receiver: Receiver,
    key: Uint8Array,
    own: Providers,
    signal: AbortSignal,
  ): Promise<Providers> {
    const { lookups, keeper, nodeKey } = this.#parts;
    const { value } = await this.#send(receiver, FIND_VALUE, { key }, signal);
    const content = value === null ? null : lookups.judge(key, new Uint8Array(value.value));
    return mergeProviders(content?.kind === 'providers' ? content.value : null, own, {
      nodeKey,
      now: own.updatedAt,
      life: BigInt(this.#context.config.announceLifeSeconds),
      mayTell: (peer: PeerAddr) => {
        const address = fromPeerAddr(peer.relayVia?.relayAddr ?? peer);
        return address !== null && keeper.mayFollow(address);
      },
    });
  }

  async #send<T extends typeof STORE | typeof FIND_VALUE>(
    { address, nodeKey }: Receiver,
    type: T,
    request: Parameters<typeof askPeer<T>>[3],
    signal: AbortSignal,
  ) {
    const { refs } = this.#context;
    await this.#paced(signal);
    this.#requests++;
    return await askPeer(refs.transport, { address, nodeKey }, type, request, {
      deadlineMs: REQUEST_MS,
      signal,
    });
  }

  /** Waits for its turn with the receiver. False: that is too far away. */
  async #turn(receiver: string, part: number, signal: AbortSignal): Promise<boolean> {
    const { budgets } = this.#parts;
    const { clock } = this.#context;
    let wait = budgets.reserve(receiver, clock.now(), MAX_WAIT_MS, part);
    if (wait === null) return false;
    while (wait > 0) {
      await sleep(clock, wait, signal);
      wait = budgets.pausedMs(receiver, clock.now());
    }
    return true;
  }

  /** Waits for a place within the rate of all requests. */
  async #paced(signal: AbortSignal): Promise<void> {
    const { clock, config } = this.#context;
    if (this.#rate.perSecond !== config.announcePerSecond)
      this.#rate = this.#rateOf(config.announcePerSecond);
    const { tokens } = this.#rate;
    tokens.take('', clock.now());
    const wait = tokens.debtMs('', clock.now());
    if (wait > 0) await sleep(clock, wait, signal);
  }

  #rateOf(perSecond: number) {
    return { perSecond, tokens: new TokenBuckets(perSecond, Math.max(1, Math.floor(perSecond / 2))) };
  }
}

/** A place in [0, 1) that has nothing to do with where the key lies: the last octets of it. */
const sampleOf = (key: Uint8Array): number =>
  new DataView(key.buffer, key.byteOffset + key.length - 4).getUint32(0) / 2 ** 32;
