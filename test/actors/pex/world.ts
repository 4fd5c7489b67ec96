import { BansInForce } from '../../../src/actors/follow-bans.ts';
import type { StoredPeer } from '../../../src/actors/known-peer-types.ts';
import { pexConfig } from '../../../src/actors/pex/config.ts';
import type { PexContext } from '../../../src/actors/pex/context.ts';
import type { pexContract } from '../../../src/actors/pex/contract.ts';
import type { Lookup } from '../../../src/actors/pex/resolve-host.ts';
import { startPex } from '../../../src/actors/pex/start-pex.ts';
import { seededRandom } from '../../../src/actors/seeded-random.ts';
import { parseAddress, toPeerAddr } from '../../../src/protocol/addresses/address.ts';
import { fromHex } from '../../../src/protocol/crypto/bytes.ts';
import { DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { PEX_OFFER, PEX_REQUEST } from '../../../src/protocol/wire/message-types.ts';
import type { PeerAddr } from '../../../src/protocol/wire/peer-addr.ts';
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
} from '../../../src/protocol/wire/registry.ts';
import type { Behaviour } from '../../../src/supervisor/contract/actor.ts';
import { ActorError } from '../../../src/supervisor/contract/actor-error.ts';
import type { MessagesOf } from '../../../src/supervisor/contract/contract.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { keyOf, NOW } from './peers.ts';

export const OWN_KEY = keyOf(0xffff_ffff);
export const OWN_ADDRESS = 'tcp://80.1.2.3:7001';

/** A node of a network that exists in this test alone. */
export interface FakeNode {
  nodeKey: string;
  up: boolean;
  native: boolean;
  dialect: string;
  /** What it answers to 101. */
  knows: readonly PeerAddr[];
  /** Instead of an answer. */
  answer?: Uint8Array;
  /** What it was offered. */
  readonly offered: PeerAddr[][];
}

interface Session {
  readonly address: string;
  readonly nodeKey: string;
  readonly since: number;
}

export function peerAddr(address: string, nodeKey: string | null = null): PeerAddr {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new Error(address);
  return toPeerAddr({ ...parsed.address, nodeKey: nodeKey === null ? null : fromHex(nodeKey, 32) })!;
}

/** What the store keeps from life to life. */
export class Kept {
  peers = new Map<string, StoredPeer>();
  seeds: string | null = null;
  bans: string[] = [];
  writes = 0;
  down = false;
}

/** The actor under a clock of the test's, in a network of fake nodes. */
export class PexWorld {
  readonly clock: ManualClock;
  readonly kept: Kept;
  readonly nodes = new Map<string, FakeNode>();
  readonly sessions = new Map<string, Session>();
  /** Every dial, in order. */
  readonly dials: { address: string; nodeKey: string | undefined; at: number }[] = [];
  readonly asked: { address: string; at: number }[] = [];
  /** Addresses that the DHT was told of. */
  readonly toldDht: unknown[] = [];
  readonly metrics = new Map<string, number>();
  readonly said: { fields: object; message: string }[] = [];
  readonly names = new Map<string, readonly string[]>();
  lookups = 0;
  readonly #stopping = new AbortController();
  #behaviour: Behaviour<MessagesOf<typeof pexContract>> | null = null;
  #wakeBans = () => {};

  private constructor(kept: Kept, clock: ManualClock) {
    this.kept = kept;
    this.clock = clock;
  }

  static async start(
    config: object = {},
    options: { kept?: Kept; clock?: ManualClock; seed?: number; nodes?: Iterable<[string, FakeNode]> } = {},
  ): Promise<PexWorld> {
    const world = new PexWorld(options.kept ?? new Kept(), options.clock ?? new ManualClock(NOW * 1000));
    for (const [address, node] of options.nodes ?? []) world.nodes.set(address, node);
    const context = world.#context(pexConfig.parse(config));
    const lookup: Lookup = async (host) => {
      world.lookups++;
      const found = world.names.get(host);
      if (found === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
      return found;
    };
    world.#behaviour = await startPex(context, {
      bans: await BansInForce.follow(context),
      lookup,
      random: seededRandom(options.seed ?? 1),
    });
    return world;
  }

  node(address: string, nodeKey: string, change: Partial<FakeNode> = {}): FakeNode {
    const node = { nodeKey, up: true, native: true, dialect: '2/8', knows: [], offered: [], ...change };
    this.nodes.set(address, node);
    return node;
  }

  get handlers() {
    return this.#behaviour!.handlers;
  }

  get call() {
    return { signal: this.#stopping.signal, remainingMs: () => 10_000 };
  }

  async rows() {
    return await this.handlers.known(null, this.call);
  }

  async seeds() {
    return await this.handlers.seeds(null, this.call);
  }

  /** What a peer is answered to 101. */
  async answer(max = 64, nodeKey = keyOf(77_777), dialect = DIALECT_2): Promise<readonly PeerAddr[]> {
    const payload = encodeRequest(PEX_REQUEST, { maxPeers: max });
    const reply = await this.handlers.wire(
      { type: PEX_REQUEST, payload, peer: { nodeKey, dialect } },
      this.call,
    );
    if ('error' in reply) throw new Error(reply.error);
    return decodeReply(PEX_REQUEST, reply.payload).peers;
  }

  async offer(nodeKey: string, peers: readonly PeerAddr[]): Promise<void> {
    const payload = encodeRequest(PEX_OFFER, { peers });
    const request = { type: PEX_OFFER, payload, peer: { nodeKey, dialect: DIALECT_2 } };
    await this.handlers.wire(request, this.call);
  }

  ban(targets: string[]): void {
    this.kept.bans = targets;
    this.#wakeBans();
  }

  /** The session is gone, as after an idle time or a restart of the peer. */
  hangUp(address: string): void {
    this.sessions.delete(address);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#behaviour!.stop?.();
  }

  #connect(target: { address: string; nodeKey?: string; also?: readonly string[] }): Session {
    const { nodeKey, also = [] } = target;
    const address = [target.address, ...also].find((each) => this.nodes.has(each)) ?? target.address;
    const known = this.sessions.get(address);
    if (known !== undefined) return known;
    this.dials.push({ address, nodeKey, at: this.clock.now() });
    const node = this.nodes.get(address);
    const fail = (code: string, message: string) => {
      this.handlers.lost({ address, nodeKey: nodeKey ?? null, reason: code });
      return new ActorError(code, message);
    };
    if (node === undefined || !node.up) throw fail('E_PEER_UNREACHABLE', 'no connection');
    if (nodeKey !== undefined && nodeKey !== node.nodeKey) throw fail('E_PEER_IDENTITY', 'another key');
    const session = { address, nodeKey: node.nodeKey, since: Math.floor(this.clock.wall() / 1000) };
    this.sessions.set(address, session);
    this.handlers.met({
      nodeKey: node.nodeKey,
      nodeId: node.nodeKey.slice(0, 40),
      address,
      dialable: true,
      direction: 'out',
      native: node.native,
      dialect: node.dialect,
      capabilities: ['content_seed'],
    });
    return session;
  }

  #request({ peer, type, payload }: { peer: { address: string }; type: number; payload: Uint8Array }) {
    const node = this.nodes.get(peer.address);
    if (node === undefined || !node.up) throw new ActorError('E_PEER_SILENT', 'no answer');
    if (type === PEX_REQUEST) {
      this.asked.push({ address: peer.address, at: this.clock.now() });
      return { type: PEX_OFFER, payload: node.answer ?? encodeReply(PEX_REQUEST, { peers: node.knows }) };
    }
    node.offered.push([...decodeRequest(PEX_OFFER, payload).peers]);
    return { type: PEX_OFFER, payload: new Uint8Array(0) };
  }

  #context(config: object): PexContext {
    const { signal } = this.#stopping;
    const say = (fields: object, message: string) => void this.said.push({ fields, message });
    const shard = {
      ask: async (name: string, request: never) => {
        if (name === 'dialled') return [...this.sessions.values()];
        return name === 'connect' ? this.#connect(request) : this.#request(request);
      },
    };
    return {
      config,
      clock: this.clock,
      signal,
      log: { debug: () => {}, info: say, warn: say, error: say },
      metrics: {
        add: (name: string, by: number) => void this.metrics.set(name, (this.metrics.get(name) ?? 0) + by),
        set: (name: string, value: number) => void this.metrics.set(name, value),
        get: (name: string) => this.metrics.get(name) ?? 0,
      },
      refs: {
        store: {
          ask: async (name: string, request: never) => this.#store(name, request),
          stream: () => this.#banned(signal),
        },
        dht: { tell: (_: string, message: unknown) => this.toldDht.push(message) > 0 },
        acceptor: { ask: async () => ({ bound: [OWN_ADDRESS], advertised: [OWN_ADDRESS] }) },
        transport: { size: 1, member: () => shard, route: () => shard },
      },
      spawn: (work: () => Promise<void>) => {
        work().catch((error: unknown) => {
          if (!signal.aborted) say({ error: String(error) }, 'a bug');
        });
      },
    } as unknown as PexContext;
  }

  async *#banned(signal: AbortSignal) {
    while (!signal.aborted) {
      yield this.kept.bans;
      await new Promise<void>((resolve) => {
        this.#wakeBans = resolve;
      });
    }
  }

  #store(name: string, request: never): unknown {
    if (this.kept.down) throw new ActorError('E_ACTOR_DOWN', 'the store is down');
    switch (name) {
      case 'identity':
        return { nodeKey: OWN_KEY };
      case 'bans':
        return this.kept.bans.map((target) => ({ target, since: 0 }));
      case 'settingKept':
        return this.kept.seeds;
      case 'keepSetting':
        this.kept.seeds = (request as { value: string }).value;
        return null;
      case 'knownPeers':
        return [...this.kept.peers.values()];
      default: {
        const { peers, gone } = request as { peers: StoredPeer[]; gone: string[] };
        this.kept.writes++;
        for (const peer of peers) this.kept.peers.set(peer.address, peer);
        for (const address of gone) this.kept.peers.delete(address);
        return null;
      }
    }
  }
}
