import { type PeerTarget, type SessionInfo, transportContract } from '../actors/transport/contract.ts';
import { failure } from '../errors.ts';
import { messageSpec } from '../protocol/wire/registry.ts';
import type { Behaviour, Call } from '../supervisor/contract/actor.ts';
import type { Contract, Messages } from '../supervisor/contract/contract.ts';
import type { SimulatedNetwork } from './network.ts';
import type { NodeClock } from './node-clock.ts';
import type { SimulatedNode } from './simulated-node.ts';

/** A session of this node, as both its ends keep it. */
interface Session {
  readonly peer: SimulatedNode;
  readonly direction: 'in' | 'out';
  readonly since: number;
  usedAt: number;
}

/** From the dial to the last handshake message, in ways from end to end: TCP, TLS 1.3, the three hellos. */
const WAYS_OF_A_DIAL = 5;

/**
 * The transport of one simulated node: the contract of the real one without sockets. Dials take time and fail where
 * nobody can be dialled; requests cross the network; what is not answered ends with the session.
 */
export class SimulatedTransport {
  readonly contract = transportContract as unknown as Contract;
  readonly behaviour: Behaviour<Messages>;
  readonly #network: SimulatedNetwork;
  readonly #node: SimulatedNode;
  readonly #clock: NodeClock;
  /** By node key. */
  readonly #sessions = new Map<string, Session>();
  readonly #dialling = new Map<string, Promise<SimulatedNode>>();

  constructor(network: SimulatedNetwork, node: SimulatedNode, clock: NodeClock) {
    this.#network = network;
    this.#node = node;
    this.#clock = clock;
    const elsewhere = () => {
      throw failure('E_PEER_REFUSED', 'a simulated network carries requests alone');
    };
    this.behaviour = {
      handlers: {
        adopt: elsewhere,
        fetch: elsewhere,
        configure: () => null,
        sessions: () => this.#infos(),
        dialled: () => this.#infos().filter(({ direction }) => direction === 'out'),
        connect: (target: PeerTarget, call: Call) => this.#connect(target, call),
        request: (
          { peer, type, payload }: { peer: PeerTarget; type: number; payload: Uint8Array },
          call: Call,
        ) => this.request(peer, type, payload, call.remainingMs()),
      },
    } as unknown as Behaviour<Messages>;
  }

  /** One request to a peer, dialled if need be, and the payload of its reply. Fails as the real transport does. */
  async request(
    target: PeerTarget,
    type: number,
    payload: Uint8Array,
    withinMs = this.#network.options.requestMs,
  ): Promise<{ type: number; payload: Uint8Array }> {
    const endsAt = this.#clock.now() + withinMs;
    const peer = await this.#peer(target, withinMs);
    return await this.#exchange(peer, type, payload, endsAt - this.#clock.now());
  }

  /** The other end of a handshake. */
  accept(peer: SimulatedNode): void {
    this.#open(peer, 'in');
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  async #connect(target: PeerTarget, call: Call): Promise<SessionInfo> {
    const peer = await this.#peer(target, call.remainingMs());
    return this.#info(peer.identity.nodeKey, this.#sessions.get(peer.identity.nodeKey)!);
  }

  #peer(target: PeerTarget, withinMs: number): Promise<SimulatedNode> | SimulatedNode {
    const known = this.#session(target);
    if (known !== null) return known.peer;
    const name = `${target.address}@${target.nodeKey ?? ''}`;
    const pending = this.#dialling.get(name);
    if (pending !== undefined) return pending;
    const dial = this.#dial(target, Math.min(withinMs, this.#network.options.dialMs));
    this.#dialling.set(name, dial);
    const done = () => void this.#dialling.delete(name);
    dial.then(done, done);
    return dial;
  }

  /** A session that can be asked over: one of ours, unless the network's sessions serve both ways. */
  #session({ address, nodeKey }: PeerTarget): Session | null {
    const key = nodeKey ?? this.#network.at(address)?.identity.nodeKey;
    const session = key === undefined ? undefined : this.#sessions.get(key);
    if (session === undefined) return null;
    if (this.#clock.now() - session.usedAt > this.#network.options.idleMs) {
      this.#sessions.delete(key!);
      return null;
    }
    if (session.direction === 'in' && !this.#network.options.bothWays) return null;
    if (nodeKey === undefined && session.peer.identity.address !== address) return null;
    return session;
  }

  #dial(target: PeerTarget, withinMs: number): Promise<SimulatedNode> {
    const { nodeKey, address } = target;
    const peer = this.#network.at(address);
    const me = this.#node.identity;
    this.#network.counts.dials++;
    return new Promise((resolve, reject) => {
      const fail = (code: 'E_PEER_UNREACHABLE' | 'E_PEER_IDENTITY', message: string) => {
        this.#network.counts.failedDials++;
        this.#node.tell('lost', { nodeKey: nodeKey ?? null, address, reason: code });
        reject(failure(code, message, { subject: address, retryable: true }));
      };
      const takesMs =
        peer === null
          ? Number.POSITIVE_INFINITY
          : WAYS_OF_A_DIAL * this.#network.links.delayMs(me, peer.identity);
      if (peer === null || peer === this.#node || !peer.identity.reachable || takesMs > withinMs) {
        this.#clock.after(withinMs, () => fail('E_PEER_UNREACHABLE', 'no connection in time'));
        return;
      }
      this.#clock.after(takesMs, () => {
        if (!peer.up) {
          this.#clock.after(withinMs - takesMs, () => fail('E_PEER_UNREACHABLE', 'no connection in time'));
        } else if (nodeKey !== undefined && nodeKey !== peer.identity.nodeKey) {
          fail('E_PEER_IDENTITY', 'another key answers at this address');
        } else {
          peer.transport!.accept(this.#node);
          this.#open(peer, 'out');
          resolve(peer);
        }
      });
    });
  }

  #open(peer: SimulatedNode, direction: 'in' | 'out'): void {
    const now = this.#clock.now();
    const { nodeKey, nodeId } = peer.identity;
    const known = this.#sessions.get(nodeKey);
    // Where each dialled the other, the one that can be asked over is remembered.
    if (known?.direction === 'out' && direction === 'in') return;
    if (known === undefined) this.#makeRoom();
    this.#sessions.set(nodeKey, { peer, direction, since: now, usedAt: now });
    this.#node.tell('met', {
      nodeKey,
      nodeId,
      address: addressFrom(peer, direction),
      dialable: direction === 'out',
      direction,
      native: true,
      dialect: '2/8',
      capabilities: CAPABILITIES,
    });
  }

  #makeRoom(): void {
    if (this.#sessions.size < this.#network.options.maxSessions) return;
    let oldest: [string, Session] | undefined;
    for (const entry of this.#sessions)
      if (entry[1].usedAt < (oldest?.[1].usedAt ?? Number.POSITIVE_INFINITY)) oldest = entry;
    if (oldest !== undefined) this.#sessions.delete(oldest[0]);
  }

  #exchange(
    peer: SimulatedNode,
    type: number,
    payload: Uint8Array,
    withinMs: number,
  ): Promise<{ type: number; payload: Uint8Array }> {
    const { requestMs } = this.#network.options;
    const ms = Math.max(0, Math.min(withinMs, requestMs));
    const subject = peer.identity.address;
    return new Promise((resolve, reject) => {
      const cancel = this.#clock.after(ms, () => {
        this.#sessions.delete(peer.identity.nodeKey);
        this.#network.counts.unanswered++;
        reject(
          ms < requestMs
            ? failure('E_TIMEOUT', `no answer in ${ms} ms`, { subject, retryable: true })
            : failure('E_PEER_SILENT', 'the peer does not answer', { subject, retryable: true }),
        );
      });
      this.#network.carry(this.#node, peer, type, payload, (reply) => {
        cancel();
        const session = this.#sessions.get(peer.identity.nodeKey);
        if (session !== undefined) session.usedAt = this.#clock.now();
        if ('error' in reply) {
          reject(
            failure('E_PEER_ERROR', `the peer answered: ${reply.error}`, {
              subject,
              retryable: reply.error.includes('rate limit'),
            }),
          );
          return;
        }
        const spec = messageSpec(type);
        resolve({ type: spec?.kind === 'request' ? spec.replyType : type, payload: reply.payload });
      });
    });
  }

  #infos(): readonly SessionInfo[] {
    return [...this.#sessions].map(([nodeKey, session]) => this.#info(nodeKey, session));
  }

  #info(nodeKey: string, { peer, direction, since }: Session): SessionInfo {
    return {
      nodeKey,
      nodeId: peer.identity.nodeId,
      address: addressFrom(peer, direction),
      transport: 'tcp',
      bound: 'tls',
      native: true,
      direction,
      dialect: '2/8',
      since: Math.floor((this.#clock.wall() - this.#clock.now() + since) / 1000),
      bytesUp: 0,
      bytesDown: 0,
      rateUp: 0,
      rateDown: 0,
      capabilities: CAPABILITIES,
    };
  }
}

const CAPABILITIES = ['dht', 'store', 'content_seed'];

/** Of a peer that dialled us we see the port it dialled from, where nobody listens. */
function addressFrom({ identity: { address, index } }: SimulatedNode, direction: 'in' | 'out'): string {
  if (direction === 'out') return address;
  return `${address.slice(0, address.lastIndexOf(':'))}:${49_152 + (index % 16_384)}`;
}
