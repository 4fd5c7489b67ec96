import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import type { Dialect } from '../../protocol/dialect.ts';
import { checkDhtValue, type DhtContent } from '../../protocol/objects/dht-value.ts';
import { type NodeId, targetOf } from '../../protocol/objects/ids.ts';
import { verifyManifest } from '../../protocol/objects/manifest.ts';
import type { Store } from '../../protocol/wire/dht.ts';
import { rateLimitExceeded, UNSUPPORTED_MESSAGE_TYPE, undecodable } from '../../protocol/wire/errors.ts';
import { FIND_NODE, FIND_VALUE, STORE } from '../../protocol/wire/message-types.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';
import { decodeReply, decodeRequest, encodeReply } from '../../protocol/wire/registry.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { TokenBuckets } from '../token-buckets.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import { type DhtContext, unixNow } from './context.ts';
import type { HeadChecks } from './head-checks.ts';
import { K, type RoutingTable, type TableEntry } from './routing-table.ts';
import { lifeOf, type PutResult, type ValueStore } from './value-store.ts';

/** In the reference's words. */
const NO_KEYSPACE = 'DHT value does not match any recognized keyspace';
const NOT_TAKEN = 'this node keeps no values for others';
const NO_ROOM = 'this node has no room for the value';
/** Who left so many requests in a row unanswered is told to nobody. */
const FEW = 2;
/** Values that one network may give: the reference's nodes send two a second each. */
const STORES = { perSecond: 4, burst: 120 };

interface Parts {
  readonly table: RoutingTable;
  readonly values: ValueStore;
  readonly checks: HeadChecks;
}

/** What peers ask of the DHT. */
export class WireAnswers {
  readonly #context: DhtContext;
  readonly #parts: Parts;
  readonly #stores = new TokenBuckets(STORES.perSecond, STORES.burst);

  constructor(context: DhtContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  async answer(request: WireRequest): Promise<WireReply> {
    const { type, payload, peer } = request;
    try {
      switch (type) {
        case FIND_NODE: {
          const { targetNodeId } = decodeRequest(FIND_NODE, payload);
          return { payload: encodeReply(FIND_NODE, { peers: this.#closest(targetNodeId, peer) }) };
        }
        case FIND_VALUE: {
          const { key } = decodeRequest(FIND_VALUE, payload);
          const value = (await this.#ownValue(request)) ?? this.#kept(key, peer.dialect);
          const closerPeers = this.#closest(targetOf(key), peer);
          return { payload: encodeReply(FIND_VALUE, { value, closerPeers }) };
        }
        case STORE:
          return this.#store(decodeRequest(STORE, payload), peer);
        default:
          return { error: UNSUPPORTED_MESSAGE_TYPE };
      }
    } catch (error) {
      if (error instanceof DecodeError) return { error: undecodable(error) };
      throw error;
    }
  }

  /** Heads and manifests that this node has anyway. */
  async #ownValue(request: WireRequest): Promise<Store | null> {
    try {
      const reply = await this.#context.refs.store.ask('wire', request);
      return 'error' in reply ? null : decodeReply(FIND_VALUE, reply.payload).value;
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      return null;
    }
  }

  #kept(key: Uint8Array, dialect: Dialect): Store | null {
    const value = this.#parts.values.get(key, dialect, this.#now);
    return value && { key, value: value.octets, ttlSecs: BigInt(value.ttl) };
  }

  #store({ key, value, ttlSecs }: Store, peer: WireRequest['peer']): WireReply {
    const { clock, config, metrics } = this.#context;
    const { nodeKey: origin, dialect } = peer;
    // Keys cost nothing: whoever comes from one network is counted as one.
    const net = peer.neighbourhood ?? origin;
    const refuse = (error: string): WireReply => {
      metrics.add('stores_refused', 1);
      return { error };
    };
    if (config.maxValues === 0) return refuse(NOT_TAKEN);
    if (config.defences.rates && !this.#stores.has(net, clock.now())) return refuse(rateLimitExceeded('dht'));
    this.#stores.take(net, clock.now());
    const check = checkDhtValue(key, value, dialect, unixNow(this.#context));
    if (!check.ok) {
      const nowhere = check.reason === 'unknown-kind' || check.reason === 'wrong-key';
      return refuse(nowhere ? NO_KEYSPACE : `DHT value refused: ${check.reason}`);
    }
    const { content } = check;
    if (content.kind === 'manifest' && !verifyManifest(content.value, unixNow(this.#context)).ok) {
      return refuse('DHT value refused: manifest');
    }
    const result = this.#put(key, content, value, { ttl: Number(ttlSecs), origin, net });
    metrics.set('values', this.#parts.values.count);
    metrics.set('value_bytes', this.#parts.values.bytes);
    if (result === 'full' || result === 'crowded') return refuse(NO_ROOM);
    metrics.add('stores_taken', 1);
    // An older one than is kept, or one that is over, was understood: whoever sent it need not try again.
    return { payload: encodeReply(STORE, null) };
  }

  #put(
    key: Uint8Array,
    content: DhtContent,
    octets: Uint8Array,
    about: { readonly ttl: number; readonly origin: string; readonly net: string },
  ): PutResult | 'waits' {
    const { values, checks } = this.#parts;
    const now = this.#now;
    if (content.kind !== 'share-head') {
      const result = values.put(key, content, octets, { ...about, now });
      if (content.kind === 'manifest') checks.learn(content.value);
      return result;
    }
    if (!this.#context.config.defences.checkedHeads) {
      return values.put(key, content, octets, { ...about, now, checked: true });
    }
    const right = checks.verdict(content.value);
    if (right === false) return 'older';
    const result = values.put(key, content, octets, { ...about, now, checked: right === true });
    if (right === true) return result;
    // Also one that finds no place among those of unknown signature: with the right one it gets the only place.
    const { ttl, origin, net } = about;
    const expiresAt = now + lifeOf(ttl);
    const own = { key: new Uint8Array(key), octets: new Uint8Array(octets) };
    const waits = checks.request({ ...own, head: content.value, origin, net, expiresAt });
    return waits && result === 'crowded' ? 'waits' : result;
  }

  get #now(): number {
    return Number(unixNow(this.#context));
  }

  #closest(target: NodeId, asker: WireRequest['peer']): PeerAddr[] {
    const may = (entry: TableEntry) =>
      entry.contact.nodeKey !== asker.nodeKey && entry.failures < FEW && canDial(asker.dialect, entry);
    return this.#parts.table.closest(target, K, may).map(({ contact }) => contact.peer);
  }
}

/** Granary nodes speak every form; all others only their own. */
const canDial = (dialect: Dialect, { native, dialect: theirs }: TableEntry): boolean =>
  native || theirs === `${dialect.version}/${dialect.capabilityKeys}`;
