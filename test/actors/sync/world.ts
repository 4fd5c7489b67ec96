import type { Subscription } from '../../../src/actors/share-types.ts';
import sync from '../../../src/actors/sync/actor.ts';
import { syncConfig } from '../../../src/actors/sync/config.ts';
import type { SyncContext } from '../../../src/actors/sync/context.ts';
import type { syncContract } from '../../../src/actors/sync/contract.ts';
import { failure } from '../../../src/errors.ts';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed, type SigningKey } from '../../../src/protocol/crypto/ed25519.ts';
import { manifestKey, shareHeadKey } from '../../../src/protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestId,
  signManifest,
} from '../../../src/protocol/objects/manifest.ts';
import { type ShareHead, shareHead, signShareHead } from '../../../src/protocol/objects/share-head.ts';
import { FIND_VALUE, GET_MANIFEST, LIST_PUBLIC_SHARES } from '../../../src/protocol/wire/message-types.ts';
import { decodeRequest, encodeReply } from '../../../src/protocol/wire/registry.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import { type Clock, systemClock } from '../../../src/supervisor/contract/clock.ts';
import type { MessagesOf } from '../../../src/supervisor/contract/contract.ts';

export const key = (seed: number): SigningKey => keyPairFromSeed(new Uint8Array(32).fill(seed));

/** Objects of a share, really signed. */
export function revision(share: SigningKey, seq: number, change: Partial<Manifest> = {}) {
  const manifest = signManifest(share, {
    version: 1,
    seq: BigInt(seq),
    createdAt: 1_700_000_000n,
    expiresAt: null,
    title: `revision ${seq}`,
    description: null,
    visibility: 'public',
    communities: [],
    items: [
      {
        contentId: new Uint8Array(32).fill(seq),
        size: 5,
        name: `file ${seq}.txt`,
        path: null,
        mime: null,
        tags: [],
        chunkCount: 1,
        chunkListHash: new Uint8Array(32).fill(9),
      },
    ],
    recommendedShares: [],
    ...change,
  });
  return { manifest, head: headOf(share, seq, manifest) };
}

export const headOf = (share: SigningKey, seq: number, manifest: Manifest): ShareHead =>
  signShareHead(share, {
    latestSeq: BigInt(seq),
    latestManifestId: manifestId(manifest),
    updatedAt: 1_700_000_000n + BigInt(seq),
  });

type Answer = { type: number; payload: Uint8Array };

/** A peer as the transport shows it: values, manifests, and ways to misbehave. */
export class ScriptedPeer {
  readonly values = new Map<string, Uint8Array>();
  readonly manifests = new Map<string, Uint8Array>();
  readonly asked: number[] = [];
  dialect = '2/8';
  /** Thrown by connect. */
  refuses: (() => Error) | null = null;
  /** Replaces every answer. */
  answers: ((type: number) => Answer | Promise<Answer>) | null = null;
  /** Answers to 402. */
  listed: () => Answer = () => {
    throw failure('E_PEER_ERROR', 'unsupported message type');
  };

  putHead(head: ShareHead): this {
    this.values.set(toHex(shareHeadKey(head.shareId)), encodeWith(shareHead, head));
    return this;
  }

  putManifest(manifest: Manifest, id = manifestId(manifest)): this {
    this.manifests.set(toHex(id), encodeManifest(manifest));
    return this;
  }

  put({ head, manifest }: { head: ShareHead; manifest: Manifest }): this {
    return this.putHead(head).putManifest(manifest);
  }

  putManifestAsValue(manifest: Manifest): this {
    this.values.set(toHex(manifestKey(manifestId(manifest))), encodeManifest(manifest));
    return this;
  }

  async answer(type: number, payload: Uint8Array): Promise<Answer> {
    this.asked.push(type);
    if (this.answers !== null) return await this.answers(type);
    if (type === FIND_VALUE) {
      const { key } = decodeRequest(FIND_VALUE, payload);
      const value = this.values.get(toHex(key));
      const found = value === undefined ? null : { key, value, ttlSecs: 60n };
      return { type, payload: encodeReply(FIND_VALUE, { value: found, closerPeers: [] }) };
    }
    if (type === LIST_PUBLIC_SHARES) return this.listed();
    const { manifestId: id } = decodeRequest(GET_MANIFEST, payload);
    const bytes = this.manifests.get(toHex(id));
    if (bytes === undefined) throw failure('E_PEER_ERROR', 'manifest not found');
    return { type: 401, payload: encodeReply(GET_MANIFEST, { manifestId: id, bytes }) };
  }
}

/** The actor with a transport of scripted peers and a store that keeps what it is given. */
export class World {
  readonly peers = new Map<string, ScriptedPeer>();
  readonly subscriptions = new Map<string, Subscription>();
  readonly committed: { head: ShareHead; manifest: Manifest; source: string }[] = [];
  readonly refreshed: string[] = [];
  /** What pex says whom to ask. */
  known: readonly string[] = [];
  /** Sessions of the transport. */
  connected: { direction: 'in' | 'out'; address: string; nodeKey: string }[] = [];
  readonly warnings: string[] = [];
  /** Rotations and revocations that are kept. */
  keyRecords: Uint8Array[] = [];
  /** The DHT: nothing is in it unless a test says so. */
  dht: (name: string, request: never) => Promise<unknown> = async (name) =>
    name === 'findValue' ? { value: null, source: null } : { head: null, sources: [], providers: [] };
  readonly stopping = new AbortController();
  readonly metrics = new Map<string, number>();
  spawned: Promise<void> = Promise.resolve();
  behaviour: Behaviour<MessagesOf<typeof syncContract>>;

  private constructor(behaviour: Behaviour<MessagesOf<typeof syncContract>> | null) {
    this.behaviour = behaviour as Behaviour<MessagesOf<typeof syncContract>>;
  }

  static async start(
    config: Partial<SyncContext['config']> = {},
    clock: Clock = systemClock,
  ): Promise<World> {
    const world = new World(null);
    world.behaviour = await sync.start(world.#context({ intervalSeconds: 0, ...config }, clock));
    return world;
  }

  peer(address: string): ScriptedPeer {
    const peer = new ScriptedPeer();
    this.peers.set(address, peer);
    return peer;
  }

  follow(share: SigningKey, ...peers: string[]): string {
    const shareId = toHex(shareIdOf(share.publicKey));
    this.subscriptions.set(shareId, subscriptionOf(shareId, toHex(share.publicKey), peers));
    return shareId;
  }

  async sync(shareId: string | null = null) {
    return await this.behaviour.handlers.sync({ shareId }, this.call);
  }

  readonly call = { signal: new AbortController().signal, remainingMs: () => 60_000 };

  async #store(name: string, request: never): Promise<unknown> {
    const { shareId } = (request ?? {}) as { shareId: string };
    switch (name) {
      case 'subscriptions': {
        const all = [...this.subscriptions.values()];
        return (request as { volumes: boolean } | null)?.volumes
          ? all
          : all.filter(({ root }) => root === null);
      }
      case 'subscribeVolume': {
        const { root, shareKey } = request as { root: string; shareKey: string };
        const { peers } = this.subscriptions.get(root)!;
        const known = this.subscriptions.get(shareId);
        if (known !== undefined) return known;
        this.subscriptions.set(shareId, { ...subscriptionOf(shareId, shareKey, peers), root });
        return this.subscriptions.get(shareId);
      }
      case 'keyRecords':
        return this.keyRecords;
      case 'keepKeyRecord':
        this.keyRecords.push((request as { record: Uint8Array }).record);
        return null;
      case 'subscription':
        return this.subscriptions.get(shareId) ?? null;
      case 'subscribe': {
        const { shareKey, trust, weight, peers } = request as Subscription;
        this.subscriptions.set(shareId, { ...subscriptionOf(shareId, shareKey, peers), trust, weight });
        return this.subscriptions.get(shareId);
      }
      case 'unsubscribe':
        return { removed: this.subscriptions.delete(shareId) };
      case 'noteSync':
        this.#change(shareId, {
          lastSync: 1,
          lastError: (request as { error: Subscription['lastError'] }).error,
        });
        return null;
      case 'commitManifest': {
        const { head, manifest, source } = request as {
          head: Uint8Array;
          manifest: Uint8Array;
          source: string;
        };
        const taken = { head: shareHead.read(new Reader(head)), manifest: decodeManifest(manifest), source };
        this.committed.push(taken);
        const { items, recommendedShares } = taken.manifest;
        return this.#change(shareId, {
          seq: Number(taken.manifest.seq),
          manifestId: toHex(taken.head.latestManifestId),
          items: items.length,
          volumes: items.length === 0 ? recommendedShares.map(toHex) : [],
        });
      }
      default:
        throw new Error(`the store was asked for ${name}`);
    }
  }

  #change(shareId: string, change: Partial<Subscription>): Subscription {
    const known = this.subscriptions.get(shareId);
    if (known === undefined) throw failure('E_NOT_FOUND', 'no such subscription');
    const next = { ...known, ...change };
    this.subscriptions.set(shareId, next);
    return next;
  }

  async #transport(name: string, request: never): Promise<unknown> {
    if (name === 'dialled') return this.connected.filter(({ direction }) => direction === 'out');
    const { address } = (name === 'connect' ? request : (request as { peer: { address: string } }).peer) as {
      address: string;
    };
    const peer = this.peers.get(address);
    if (peer === undefined) throw failure('E_PEER_UNREACHABLE', `${address} does not answer`);
    if (peer.refuses !== null) throw peer.refuses();
    if (name === 'connect') return { address, dialect: peer.dialect };
    const { type, payload } = request as { type: number; payload: Uint8Array };
    return await peer.answer(type, payload);
  }

  #context(config: Partial<SyncContext['config']>, clock: Clock): SyncContext {
    const ref = (answer: (name: string, request: never) => Promise<unknown>) => ({
      ask: (name: string, request: never, options: { signal?: AbortSignal } = {}) =>
        cancellable(answer(name, request), options.signal),
    });
    const shard = ref((name, request) => this.#transport(name, request));
    const log = {
      debug() {},
      info() {},
      warn: (_: object, message: string) => void this.warnings.push(message),
      error() {},
    };
    return {
      name: 'sync',
      member: 0,
      epoch: 1,
      config: syncConfig.parse(config),
      clock,
      log,
      metrics: {
        add: (name: string, amount: number) =>
          void this.metrics.set(name, (this.metrics.get(name) ?? 0) + amount),
        set() {},
        get: () => 0,
      },
      signal: this.stopping.signal,
      spawn: (work: () => Promise<void>) => {
        this.spawned = work().catch((error) => {
          if (!this.stopping.signal.aborted) throw error;
        });
      },
      refs: {
        store: ref((name, request) => this.#store(name, request)),
        search: ref(async (_, request) => {
          this.refreshed.push((request as { shareId: string }).shareId);
          return { items: 0 };
        }),
        pex: ref(async () => this.known),
        dht: ref((name, request) => this.dht(name, request)),
        transport: { size: 1, member: () => shard, route: () => shard },
      },
    } as unknown as SyncContext;
  }
}

/** As the kernel's refs do: an abort settles the call at once. */
function cancellable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(failure('E_ABORTED', 'the call was cancelled'));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject);
  });
}

export const subscriptionOf = (
  shareId: string,
  shareKey: string,
  peers: readonly string[],
): Subscription => ({
  shareId,
  shareKey,
  trust: 'normal',
  weight: 1,
  peers,
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
});
