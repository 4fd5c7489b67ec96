import type { Subscription } from '../actors/share-types.ts';
import { storeContract } from '../actors/store/contract.ts';
import type { WireReply, WireRequest } from '../actors/wire-request.ts';
import { failure } from '../errors.ts';
import { encodeWith } from '../protocol/cbor/codec.ts';
import { Reader } from '../protocol/cbor/reader.ts';
import { toHex } from '../protocol/crypto/bytes.ts';
import { manifestKey, shareHeadKey } from '../protocol/objects/dht-keys.ts';
import { decodeManifest } from '../protocol/objects/manifest.ts';
import { type ShareHead, shareHead } from '../protocol/objects/share-head.ts';
import { MANIFEST_NOT_FOUND, UNSUPPORTED_MESSAGE_TYPE } from '../protocol/wire/errors.ts';
import { FIND_VALUE, GET_MANIFEST } from '../protocol/wire/message-types.ts';
import { decodeRequest, encodeReply } from '../protocol/wire/registry.ts';
import type { ActorModule } from '../supervisor/contract/actor.ts';
import type { Clock } from '../supervisor/contract/clock.ts';
import type { NodeIdentity } from './identity.ts';
import type { Revision } from './share.ts';
import { standIn } from './stand-in.ts';

const VALUE_TTL = 86_400n;

/**
 * What the store of a node keeps, in memory: subscriptions, and the heads and manifests that came with them or are its
 * own. It outlives the node's lives, as a disk does.
 */
export class MemoryStore {
  readonly subscriptions = new Map<string, Subscription>();
  /** Own shares by id, as last published. */
  readonly published = new Map<string, Revision>();
  /** When a share got a revision, milliseconds of the network's time: `share id`, then `seq`. */
  readonly takenAt = new Map<string, Map<number, number>>();
  readonly #identity: NodeIdentity;
  /** By their keys in the DHT, hex. */
  readonly #heads = new Map<string, ShareHead>();
  readonly #manifests = new Map<string, Uint8Array>();

  constructor(identity: NodeIdentity) {
    this.#identity = identity;
  }

  /** A new revision of an own share: what peers ask for is this one from now on. */
  publish(revision: Revision): void {
    this.published.set(revision.shareId, revision);
    this.#keep(revision.head, revision.manifestOctets);
  }

  /** As the command does it, without a first sync. */
  subscribe(shareId: string, shareKey: string, peers: readonly string[]): Subscription {
    const subscription = { ...EMPTY, shareId, shareKey, peers };
    this.subscriptions.set(shareId, subscription);
    return subscription;
  }

  /** The store of one life: the messages that dht, pex and sync send. Any other ends the node, as a bug would. */
  module(): ActorModule {
    return standIn(storeContract, ({ clock }) => ({
      identity: () => ({ nodeKey: this.#identity.nodeKey, nodeId: this.#identity.nodeId }),
      wire: (request: WireRequest) => this.#answer(request),
      manifest: ({ manifestId }: { manifestId: string }) => this.#manifests.get(manifestId) ?? null,
      ownShares: () => [...this.published.values()].map(ownShareOf),
      ownVolumes: () => [],
      keyRecords: () => [],
      keepKeyRecord: () => null,
      knownPeers: () => [],
      ratePeers: () => null,
      settingKept: () => null,
      keepSetting: () => null,
      // Its shares are catalogs without files.
      leaseEpoch: () => 0,
      announcedContents: () => ({ ids: new Uint8Array(0), epochs: [], next: null }),
      stillAnnounced: () => new Uint8Array(0),
      subscriptions: (request: { volumes: boolean } | null) =>
        [...this.subscriptions.values()].filter(({ root }) => request?.volumes || root === null),
      subscription: ({ shareId }: { shareId: string }) => this.subscriptions.get(shareId) ?? null,
      subscribe: ({ shareId, shareKey, peers, trust, weight }: Subscription) => {
        this.subscribe(shareId, shareKey, peers);
        return this.#change(shareId, { trust, weight });
      },
      unsubscribe: ({ shareId }: { shareId: string }) => ({ removed: this.subscriptions.delete(shareId) }),
      noteSync: ({ shareId, error }: { shareId: string; error: Subscription['lastError'] }) => {
        this.#change(shareId, { lastSync: Math.floor(clock.wall() / 1000), lastError: error });
        return null;
      },
      commitManifest: (request: CommitRequest) => this.#commit(request, clock),
    }));
  }

  #commit(
    { shareId, head: headOctets, manifest: octets, source }: CommitRequest,
    clock: Clock,
  ): Subscription {
    const head = shareHead.read(new Reader(headOctets));
    const manifest = decodeManifest(octets);
    this.#keep(head, octets);
    const seqs = this.takenAt.get(shareId) ?? new Map<number, number>();
    this.takenAt.set(shareId, seqs.set(Number(manifest.seq), clock.now()));
    return this.#change(shareId, {
      seq: Number(manifest.seq),
      manifestId: toHex(head.latestManifestId),
      title: manifest.title,
      items: manifest.items.length,
      source,
    });
  }

  #keep(head: ShareHead, manifest: Uint8Array): void {
    this.#heads.set(toHex(shareHeadKey(head.shareId)), head);
    this.#manifests.set(toHex(head.latestManifestId), manifest);
    this.#manifests.set(toHex(manifestKey(head.latestManifestId)), manifest);
  }

  #change(shareId: string, change: Partial<Subscription>): Subscription {
    const known = this.subscriptions.get(shareId);
    if (known === undefined) throw failure('E_NOT_FOUND', 'no such subscription', { subject: shareId });
    const next = { ...known, ...change };
    this.subscriptions.set(shareId, next);
    return next;
  }

  #answer({ type, payload }: WireRequest): WireReply {
    if (type === FIND_VALUE) {
      const { key } = decodeRequest(FIND_VALUE, payload);
      const head = this.#heads.get(toHex(key));
      const value = head === undefined ? this.#manifests.get(toHex(key)) : encodeWith(shareHead, head);
      const found = value === undefined ? null : { key, value, ttlSecs: VALUE_TTL };
      return { payload: encodeReply(FIND_VALUE, { value: found, closerPeers: [] }) };
    }
    if (type === GET_MANIFEST) {
      const { manifestId } = decodeRequest(GET_MANIFEST, payload);
      const bytes = this.#manifests.get(toHex(manifestId));
      if (bytes === undefined) return { error: MANIFEST_NOT_FOUND };
      return { payload: encodeReply(GET_MANIFEST, { manifestId, bytes }) };
    }
    return { error: UNSUPPORTED_MESSAGE_TYPE };
  }
}

/** What of an own share the DHT asks for. */
const ownShareOf = ({ shareId, shareKey, seq, head, manifest }: Revision) => ({
  shareId,
  shareKey,
  seq,
  manifestId: toHex(head.latestManifestId),
  title: manifest.title,
  public: true,
  volumes: 0,
});

interface CommitRequest {
  readonly shareId: string;
  readonly head: Uint8Array;
  readonly manifest: Uint8Array;
  readonly source: string;
}

const EMPTY: Omit<Subscription, 'shareId' | 'shareKey' | 'peers'> = {
  trust: 'normal',
  weight: 1,
  title: null,
  description: null,
  seq: null,
  manifestId: null,
  source: null,
  items: 0,
  bytes: 0,
  volumes: [],
  root: null,
  lastSync: null,
  lastError: null,
};
