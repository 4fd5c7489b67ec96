import dht from '../../../src/actors/dht/actor.ts';
import { type DhtConfig, dhtConfig } from '../../../src/actors/dht/config.ts';
import type { DhtContext } from '../../../src/actors/dht/context.ts';
import type { dhtContract } from '../../../src/actors/dht/contract.ts';
import type { KnownPeer } from '../../../src/actors/known-peer-types.ts';
import type { PeerMet } from '../../../src/actors/peer-met.ts';
import type { OwnShare } from '../../../src/actors/share-types.ts';
import type { PeerTarget } from '../../../src/actors/transport/contract.ts';
import type { WireReply } from '../../../src/actors/wire-request.ts';
import { failure } from '../../../src/errors.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { sha256 } from '../../../src/protocol/crypto/sha256.ts';
import { DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import { nodeIdOf } from '../../../src/protocol/objects/ids.ts';
import { FIND_VALUE, GET_MANIFEST } from '../../../src/protocol/wire/message-types.ts';
import {
  decodeRequest,
  encodeReply,
  encodeRequest,
  MESSAGES,
  type ReplyOf,
  type RequestOf,
  type RequestType,
} from '../../../src/protocol/wire/registry.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import { sleep } from '../../../src/supervisor/contract/clock.ts';
import type { MessagesOf } from '../../../src/supervisor/contract/contract.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';

type Dht = Behaviour<MessagesOf<typeof dhtContract>>;
type Config = Partial<DhtConfig>;

/** What a peer of the network does with a request. */
export interface NetPeer {
  readonly nodeKey: string;
  readonly address: string;
  readonly dialect: Dialect;
  readonly native: boolean;
  serve(type: number, payload: Uint8Array, from: NetPeer): Promise<WireReply>;
  met?(peer: PeerMet): void;
}

const START = 1_700_000_000_000;
/** One way. */
const LATENCY_MS = 20;
const SILENT_MS = 60_000;

/** A network of nodes in one thread: the real actor in each, over a transport that takes time on the clock of the test. */
export class Net {
  readonly clock = new ManualClock(START);
  readonly peers = new Map<string, NetPeer>();
  readonly nodes: Node[] = [];
  /** Addresses that take requests and never answer. */
  readonly silent = new Set<string>();
  /** Addresses where nobody is. */
  readonly gone = new Set<string>();
  requests = 0;
  readonly #stopping = new AbortController();

  async node(
    config: Config = {},
    options: Partial<Pick<Node, 'ownShares' | 'known' | 'contents' | 'kept'>> = {},
  ): Promise<Node> {
    const node = new Node(this, this.nodes.length + 1, this.#stopping.signal);
    Object.assign(node, options);
    this.nodes.push(node);
    this.peers.set(node.address, node);
    await node.start({ scope: 'test', ...config });
    return node;
  }

  /** Nodes that know the first of them, and each other by it. */
  async joined(count: number, config: Config = {}): Promise<Node[]> {
    const first = await this.node(config);
    const nodes = [first];
    for (let n = 1; n < count; n++) {
      const node = await this.node({ bootstrap: [first.address], ...config });
      nodes.push(node);
      await this.run(50);
      // As peer exchange has it: who is dialled learns where the other listens.
      first.tell('learnt', { addresses: [`${node.address}@${node.nodeKey}`], from: node.nodeKey });
      await this.run(300);
    }
    await this.run(20_000);
    return nodes;
  }

  /** Lets time pass, in steps small enough for what waits on each other. */
  async run(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) await this.clock.advance(Math.min(left, 10));
  }

  /** Moves on until it has settled. */
  async until<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => {});
    for (let spent = 0; !settled && spent < withinMs; spent += 10) await this.clock.advance(10);
    if (!settled) throw new Error(`nothing after ${withinMs} ms`);
    return await watched;
  }

  /** One request over the network. */
  async request(from: NetPeer, target: PeerTarget, type: number, payload: Uint8Array, signal: AbortSignal) {
    this.requests++;
    const peer = await this.connect(from, target, signal);
    await sleep(this.clock, LATENCY_MS, signal);
    if (this.silent.has(target.address)) await sleep(this.clock, SILENT_MS, signal);
    const reply = await peer.serve(type, payload, from);
    await sleep(this.clock, LATENCY_MS, signal);
    if ('error' in reply) {
      throw failure('E_PEER_ERROR', `the peer answered: ${reply.error}`, { subject: target.address });
    }
    const { replyType } = MESSAGES[type as RequestType];
    return { type: replyType, payload: reply.payload };
  }

  readonly #sessions = new Set<string>();

  async connect(from: NetPeer, { address, nodeKey }: PeerTarget, signal: AbortSignal): Promise<NetPeer> {
    const peer = this.peers.get(address);
    const lost = (code: 'E_PEER_UNREACHABLE' | 'E_PEER_IDENTITY') => {
      if (from instanceof Node) from.tell('lost', { nodeKey: nodeKey ?? null, address, reason: code });
      return failure(code, `${address} does not answer`, { subject: address });
    };
    const session = `${from.address} ${address}`;
    if (!this.#sessions.has(session)) await sleep(this.clock, LATENCY_MS, signal);
    if (peer === undefined || this.gone.has(address)) throw lost('E_PEER_UNREACHABLE');
    if (nodeKey !== undefined && nodeKey !== peer.nodeKey) throw lost('E_PEER_IDENTITY');
    if (!this.#sessions.has(session)) {
      this.#sessions.add(session);
      if (from instanceof Node) from.tell('met', metOf(peer, 'out', address));
      if (peer instanceof Node) peer.tell('met', metOf(from, 'in', 'tcp://127.0.0.1:50000'));
    }
    return peer;
  }

  /** Sessions end; who is there is met anew. */
  forgetSessions(): void {
    this.#sessions.clear();
  }

  async stop(): Promise<void> {
    for (const node of this.nodes) await node.quiesce();
    this.#stopping.abort(failure('E_ABORTED', 'the test is over'));
    await this.clock.advance(0);
  }
}

function metOf({ nodeKey, native, dialect }: NetPeer, direction: 'in' | 'out', address: string): PeerMet {
  return {
    nodeKey,
    nodeId: toHex(nodeIdOf(Buffer.from(nodeKey, 'hex'))),
    address,
    dialable: direction === 'out',
    direction,
    native,
    dialect: `${dialect.version}/${dialect.capabilityKeys}`,
    capabilities: [],
  };
}

/** A node: the actor, with a scripted store behind it. */
export class Node implements NetPeer {
  readonly nodeKey: string;
  readonly id: Uint8Array;
  readonly address: string;
  readonly dialect = DIALECT_2;
  readonly native = true;
  readonly metrics = new Map<string, number>();
  readonly crashes: unknown[] = [];
  ownShares: readonly OwnShare[] = [];
  known: readonly KnownPeer[] = [];
  /** Contents that the node serves, and the lease of each. */
  contents = new Map<string, number>();
  readonly kept = new Map<string, string>();
  /** Times that the store is down when it is asked what is served. */
  storeFails = 0;
  /** By DHT key, as the store answers peers. */
  readonly ownValues = new Map<string, Uint8Array>();
  readonly manifests = new Map<string, Uint8Array>();
  readonly #net: Net;
  readonly #signal: AbortSignal;
  #behaviour: Dht | null = null;

  constructor(net: Net, number: number, signal: AbortSignal) {
    this.#net = net;
    this.#signal = signal;
    this.nodeKey = toHex(sha256(Buffer.from(`node ${number}`)));
    this.id = nodeIdOf(Buffer.from(this.nodeKey, 'hex'));
    this.address = `tcp://127.${number >> 16}.${(number >> 8) & 255}.${number & 255}:7001`;
  }

  async start(config: Config): Promise<void> {
    this.#behaviour = await dht.start(this.#context(config));
  }

  get handlers(): Dht['handlers'] {
    return this.#behaviour!.handlers;
  }

  readonly call = { signal: new AbortController().signal, remainingMs: () => 60_000 };

  /** One that could not be handled is a bug, and told at the end of the test. */
  tell<K extends 'met' | 'lost' | 'learnt'>(name: K, message: Parameters<Dht['handlers'][K]>[0]): void {
    try {
      void (this.handlers[name] as (message: unknown) => void)(message);
    } catch (error) {
      this.crashes.push(error);
    }
  }

  async serve(type: number, payload: Uint8Array, from: NetPeer): Promise<WireReply> {
    if (type === GET_MANIFEST) {
      const { manifestId } = decodeRequest(GET_MANIFEST, payload);
      const bytes = this.manifests.get(toHex(manifestId));
      if (bytes === undefined) return { error: 'manifest not found' };
      return { payload: encodeReply(GET_MANIFEST, { manifestId, bytes }) };
    }
    return await this.handlers.wire(
      { type, payload, peer: { nodeKey: from.nodeKey, dialect: from.dialect } },
      this.call,
    );
  }

  /** Asks this node as somebody else would. */
  async wire<T extends RequestType>(
    type: T,
    request: RequestOf<T>,
    from: { nodeKey: string; dialect: Dialect } = { nodeKey: 'ee'.repeat(32), dialect: DIALECT_2 },
  ): Promise<{ reply: ReplyOf<T> } | { error: string }> {
    const reply = await this.handlers.wire(
      { type, payload: encodeRequest(type, request), peer: from },
      this.call,
    );
    if ('error' in reply) return reply;
    const { decodeReply } = await import('../../../src/protocol/wire/registry.ts');
    return { reply: decodeReply(type, reply.payload) };
  }

  async pressure(level: 'high' | 'normal'): Promise<void> {
    await this.#behaviour?.pressure?.(level);
  }

  async quiesce(): Promise<void> {
    await this.#behaviour?.quiesce?.();
  }

  async #store(name: string, request: unknown): Promise<unknown> {
    switch (name) {
      case 'identity':
        return { nodeKey: this.nodeKey, nodeId: toHex(this.id) };
      case 'knownPeers':
        return this.known;
      case 'ownShares':
        return this.ownShares;
      case 'ownVolumes':
        return [];
      case 'settingKept':
        return this.kept.get((request as { name: string }).name) ?? null;
      case 'keepSetting': {
        const { name: as, value } = request as { name: string; value: string };
        this.kept.set(as, value);
        return null;
      }
      case 'leaseEpoch':
        return Math.max(0, ...this.contents.values());
      case 'announcedContents': {
        if (this.storeFails > 0) {
          this.storeFails--;
          throw failure('E_ACTOR_DOWN', 'the store is being restarted', { retryable: true });
        }
        const all = [...this.contents];
        return {
          ids: Buffer.concat(all.map(([id]) => Buffer.from(id, 'hex'))),
          epochs: all.map(([, epoch]) => epoch),
          next: null,
        };
      }
      case 'stillAnnounced': {
        const { ids } = request as { ids: Uint8Array };
        const asked = Array.from({ length: ids.length / 32 }, (_, n) => ids.slice(n * 32, n * 32 + 32));
        return Buffer.concat(asked.filter((id) => this.contents.has(toHex(id))));
      }
      case 'manifest':
        return this.manifests.get((request as { manifestId: string }).manifestId) ?? null;
      case 'wire': {
        const { key } = decodeRequest(FIND_VALUE, (request as { payload: Uint8Array }).payload);
        const value = this.ownValues.get(toHex(key));
        const found = value === undefined ? null : { key, value, ttlSecs: 86_400n };
        return { payload: encodeReply(FIND_VALUE, { value: found, closerPeers: [] }) };
      }
      default:
        throw new Error(`the store was asked for ${name}`);
    }
  }

  async #transport(name: string, request: never, signal: AbortSignal): Promise<unknown> {
    if (name === 'connect') {
      const peer = await this.#net.connect(this, request, signal);
      return { nodeKey: peer.nodeKey, address: peer.address };
    }
    const { peer, type, payload } = request as { peer: PeerTarget; type: number; payload: Uint8Array };
    return await this.#net.request(this, peer, type, payload, signal);
  }

  #context(config: Config): DhtContext {
    const { clock } = this.#net;
    const shard = {
      ask: (name: string, request: never, { signal, deadlineMs = 10_000 }: CallOptions = {}) => {
        const late = new AbortController();
        const cancel = clock.after(deadlineMs, () => late.abort());
        const both = AbortSignal.any(signal ? [signal, late.signal] : [late.signal]);
        return this.#transport(name, request, both)
          .catch((error: unknown) => {
            if (late.signal.aborted) throw failure('E_TIMEOUT', 'no answer in time', { retryable: true });
            if (signal?.aborted) throw failure('E_ABORTED', 'the call was cancelled');
            throw error;
          })
          .finally(cancel);
      },
    };
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    return {
      name: 'dht',
      member: 0,
      epoch: 1,
      config: dhtConfig.parse(config),
      clock,
      log,
      signal: this.#signal,
      metrics: {
        add: (name: string, amount: number) =>
          void this.metrics.set(name, (this.metrics.get(name) ?? 0) + amount),
        set: (name: string, value: number) => void this.metrics.set(name, value),
        get: (name: string) => this.metrics.get(name) ?? 0,
      },
      spawn: (work: () => Promise<void>) => {
        work().catch((error: unknown) => {
          if (!this.#signal.aborted) this.crashes.push(error);
        });
      },
      refs: {
        store: { ask: (name: string, request: unknown) => this.#store(name, request) },
        acceptor: {
          ask: async () => ({ bound: [this.address], advertised: [this.address] }),
        },
        transport: { size: 1, member: () => shard, route: () => shard },
      },
    } as unknown as DhtContext;
  }
}

interface CallOptions {
  signal?: AbortSignal;
  deadlineMs?: number;
}
