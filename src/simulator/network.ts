import type { WireReply } from '../actors/wire-request.ts';
import { publicNeighbourhood } from '../protocol/addresses/may-dial.ts';
import { DIALECT_2 } from '../protocol/dialect.ts';
import type { Log } from '../supervisor/contract/actor.ts';
import type { ErrorRecord } from '../supervisor/contract/actor-error.ts';
import { Random } from '../supervisor/testing/random.ts';
import { World } from '../supervisor/testing/world.ts';
import type { NodeIdentity } from './identity.ts';
import { type LinkOptions, Links } from './links.ts';
import { type NodePlan, SimulatedNode } from './simulated-node.ts';
import { Trace } from './trace.ts';

export interface NetworkOptions {
  readonly seed: number;
  readonly links?: LinkOptions;
  /** A dial that leads nowhere takes so long; default 5,000 as in the real transport. */
  readonly dialMs?: number;
  /** A peer that owes a reply may be silent so long; default 10,000. */
  readonly requestMs?: number;
  /** Sessions without a request end after so long; default 120,000. */
  readonly idleMs?: number;
  /** Sessions of one node; default 1,000. The one idle longest makes room. */
  readonly maxSessions?: number;
  /** Whether a node can ask over a session that the other end dialled; default false, as SCP2P has it. */
  readonly bothWays?: boolean;
  /** Keeps the last lines of the trace. */
  readonly trace?: boolean;
  /** Where behaviours write; default: nowhere. */
  readonly log?: Log;
}

/** What crossed the network since it was made, but for what `forgetCounts` forgot. */
export interface NetworkCounts {
  requests: number;
  replies: number;
  /** Octets of payloads, both ways. */
  octets: number;
  /** Requests without a reply in time. */
  unanswered: number;
  dials: number;
  failedDials: number;
  /** Requests by message type. */
  readonly byType: Map<number, number>;
}

/** One message, as it is sent. */
export interface NetworkMessage {
  readonly kind: 'request' | 'reply';
  /** Who asks, and who is asked; of a reply as well. */
  readonly from: NodeIdentity;
  readonly to: NodeIdentity;
  readonly type: number;
  /** Null: the reply is an error. */
  readonly payload: Uint8Array | null;
}

/** A behaviour that threw what is no answer. */
export interface SimulatedCrash {
  readonly node: number;
  readonly actor: string;
  readonly error: ErrorRecord;
  readonly thrown: unknown;
}

/**
 * Nodes with real behaviours, and what lies between them: delays, losses, dials that fail, nodes that come and go. Time is
 * virtual, and everything that happens is a function of the seed and of what is called in which order.
 */
export class SimulatedNetwork {
  readonly world: World;
  readonly links: Links;
  readonly trace: Trace;
  readonly log: Log | undefined;
  readonly random: Random;
  readonly options: Required<
    Pick<NetworkOptions, 'seed' | 'dialMs' | 'requestMs' | 'idleMs' | 'maxSessions' | 'bothWays'>
  >;
  readonly crashes: SimulatedCrash[] = [];
  readonly nodes: SimulatedNode[] = [];
  counts: NetworkCounts = noCounts();
  /** Sees every message; changes nothing. */
  observer: ((message: NetworkMessage) => void) | null = null;
  readonly #byAddress = new Map<string, SimulatedNode>();

  constructor(options: NetworkOptions) {
    const {
      seed,
      links = {},
      dialMs = 5_000,
      requestMs = 10_000,
      idleMs = 120_000,
      maxSessions = 1_000,
      bothWays = false,
    } = options;
    this.options = { seed, dialMs, requestMs, idleMs, maxSessions, bothWays };
    this.world = new World(seed);
    this.random = new Random(seed ^ 0x51_3ed);
    this.links = new Links(this.random, links);
    this.trace = new Trace(options.trace ?? false);
    this.log = options.log;
  }

  /** A node that is not up yet. */
  add(plan: NodePlan): SimulatedNode {
    const { address, index } = plan.identity;
    if (this.#byAddress.has(address)) throw new RangeError(`two nodes at ${address}`);
    if (index !== this.nodes.length)
      throw new RangeError(`node ${index} would be number ${this.nodes.length}`);
    const node = new SimulatedNode(this, plan);
    this.nodes.push(node);
    this.#byAddress.set(address, node);
    return node;
  }

  /** Who listens at `tcp://ip:port`, up or not; null: nobody ever did. */
  at(address: string): SimulatedNode | null {
    return this.#byAddress.get(address) ?? null;
  }

  now(): number {
    return this.world.now();
  }

  /** Lets so much time pass. */
  async runFor(ms: number): Promise<void> {
    await this.world.runFor(ms);
  }

  /** Lets time pass until the promise settles, and gives what it gave. Rejects when that takes longer than `withinMs`. */
  async until<T>(promise: Promise<T>, withinMs: number): Promise<T> {
    let settled = false;
    const done = () => {
      settled = true;
    };
    promise.then(done, done);
    if (!(await this.world.runUntil(() => settled, withinMs))) {
      throw new Error(`it did not settle within ${withinMs} ms of the network's time`);
    }
    return await promise;
  }

  forgetCounts(): void {
    this.counts = noCounts();
  }

  crashed(crash: SimulatedCrash): void {
    this.trace.note(this.now(), `${crash.node} crashed: ${crash.actor}: ${crash.error.message}`);
    this.crashes.push(crash);
  }

  /** Throws the first bug that a behaviour died of, if any did. */
  throwCrash(): void {
    const [first] = this.crashes;
    if (first !== undefined) {
      throw new Error(`node ${first.node} died of a bug in ${first.actor}`, { cause: first.thrown });
    }
  }

  /** A request and its reply over the paths between two nodes. Nothing comes back where one of both is lost, or nobody answers. */
  carry(
    from: SimulatedNode,
    to: SimulatedNode,
    type: number,
    payload: Uint8Array,
    replied: (reply: WireReply) => void,
  ): void {
    const { counts } = this;
    counts.requests++;
    counts.octets += payload.length;
    counts.byType.set(type, (counts.byType.get(type) ?? 0) + 1);
    this.trace.note(this.now(), `${from.identity.index} > ${to.identity.index} ${type}`, payload);
    const ends = { from: from.identity, to: to.identity, type };
    this.observer?.({ kind: 'request', ...ends, payload });
    this.#deliver(from, to, async () => {
      const { nodeKey, address } = from.identity;
      const neighbourhood = publicNeighbourhood(address.slice(address.indexOf('://') + 3));
      const request = { type, payload, peer: { nodeKey, dialect: DIALECT_2, neighbourhood } };
      const reply = await to.serve(request, from.identity);
      if (reply === null || !to.up) return;
      const octets = 'error' in reply ? undefined : reply.payload;
      this.counts.replies++;
      this.counts.octets += octets?.length ?? 0;
      this.trace.note(this.now(), `${from.identity.index} < ${to.identity.index} ${type}`, octets);
      this.observer?.({ kind: 'reply', ...ends, payload: octets ?? null });
      this.#deliver(to, from, () => replied(reply));
    });
  }

  #deliver(from: SimulatedNode, to: SimulatedNode, take: () => void): void {
    if (this.links.loses()) return;
    const at = this.now() + this.links.delayMs(from.identity, to.identity);
    this.world.schedule(at, 0.5, () => {
      if (to.up) take();
    });
  }
}

const noCounts = (): NetworkCounts => ({
  requests: 0,
  replies: 0,
  octets: 0,
  unanswered: 0,
  dials: 0,
  failedDials: 0,
  byType: new Map(),
});
