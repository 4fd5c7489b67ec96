import type { WireReply, WireRequest } from '../actors/wire-request.ts';
import { TEMPORARILY_UNAVAILABLE, unknownMessageType } from '../protocol/wire/errors.ts';
import type { ActorModule, Behaviour, Log } from '../supervisor/contract/actor.ts';
import { toErrorRecord } from '../supervisor/contract/actor-error.ts';
import type { Messages, MessagesOf } from '../supervisor/contract/contract.ts';
import type { Ref } from '../supervisor/contract/ref.ts';
import type { Slab } from '../supervisor/contract/slab.ts';
import { type Callee, DirectRef } from './direct-ref.ts';
import type { NodeIdentity } from './identity.ts';
import type { SimulatedNetwork } from './network.ts';
import { NodeClock } from './node-clock.ts';
import { SimulatedTransport } from './simulated-transport.ts';

/** An actor of a node: a real behaviour, or a stand-in with the same contract, and its configuration, already checked. */
export interface ActorPlan {
  readonly module: ActorModule;
  readonly config?: unknown;
}

/** What a node is made of. */
export interface NodePlan {
  readonly identity: NodeIdentity;
  /** By name, in the order they start in; `transport` is the network's own. Made anew for each life. */
  actors(): Readonly<Record<string, ActorPlan>>;
  /** Which actor answers a request of the network, by its type. It is asked `wire`. */
  readonly owners: ReadonlyMap<number, string>;
  /** In place of the actors: what this node answers. Null: nothing, as if the request were lost. */
  readonly script?: (
    request: WireRequest,
    from: NodeIdentity,
  ) => WireReply | null | Promise<WireReply | null>;
}

interface Life {
  readonly clock: NodeClock;
  readonly stopping: AbortController;
  readonly actors: Map<string, Callee>;
  readonly transport: SimulatedTransport;
}

/** One node of a simulated network: real behaviours, one life after another. It goes without a word, and comes back empty. */
export class SimulatedNode {
  readonly plan: NodePlan;
  readonly #network: SimulatedNetwork;
  #life: Life | null = null;

  constructor(network: SimulatedNetwork, plan: NodePlan) {
    this.#network = network;
    this.plan = plan;
  }

  get identity(): NodeIdentity {
    return this.plan.identity;
  }

  get up(): boolean {
    return this.#life !== null;
  }

  get transport(): SimulatedTransport | null {
    return this.#life?.transport ?? null;
  }

  /** Starts its actors one after the other. What they wait for comes only while the network runs. */
  async start(): Promise<void> {
    if (this.#life !== null) return;
    const clock = new NodeClock(this.#network.world);
    const transport = new SimulatedTransport(this.#network, this, clock);
    const life: Life = { clock, transport, stopping: new AbortController(), actors: new Map() };
    this.#life = life;
    this.#network.trace.note(this.#network.world.now(), `${this.identity.index} up`);
    this.#place(life, 'transport', transport.contract, transport.behaviour, true);
    if (this.plan.script !== undefined) return;
    for (const [name, { module, config }] of Object.entries(this.plan.actors())) {
      const behaviour = await module.start(this.#context(life, name, module, config ?? {}));
      if (this.#life !== life) return;
      this.#place(life, name, module.contract, behaviour, false);
    }
  }

  /** It is gone between two events: who waits for it finds out by itself. */
  stop(): void {
    const life = this.#life;
    if (life === null) return;
    this.#life = null;
    this.#network.trace.note(this.#network.world.now(), `${this.identity.index} down`);
    life.stopping.abort();
    life.clock.stop();
    life.actors.clear();
  }

  /** A ref to one of its actors, as another actor of it has one. It is good for all its lives. */
  ref<C>(contract: C & { readonly name: string }): Ref<MessagesOf<C>> {
    return this.#ref(contract.name) as unknown as Ref<MessagesOf<C>>;
  }

  /** What a peer asked, answered. Null: it gets no answer. */
  async serve(request: WireRequest, from: NodeIdentity): Promise<WireReply | null> {
    const { script, owners } = this.plan;
    if (script !== undefined) {
      const life = this.#life;
      try {
        return await script(request, from);
      } catch (error) {
        if (life !== null) this.#crash(life, 'script', error);
        return null;
      }
    }
    const owner = owners.get(request.type);
    if (owner === undefined) return { error: unknownMessageType(request.type) };
    try {
      return await this.#ref(owner).ask('wire', request, { deadlineMs: OWNER_MS });
    } catch {
      return { error: TEMPORARILY_UNAVAILABLE };
    }
  }

  /** Tells those of its actors that take such a message. */
  tell(message: string, body: unknown): void {
    for (const [name, { contract }] of this.#life?.actors ?? [])
      if (contract.messages[message]?.kind === 'tell') this.#ref(name).tell(message as never, body as never);
  }

  #place(
    life: Life,
    name: string,
    contract: Callee['contract'],
    behaviour: Behaviour<Messages>,
    keepsDeadlines: boolean,
  ) {
    life.actors.set(name, {
      contract,
      behaviour,
      keepsDeadlines,
      crash: (error) => this.#crash(life, name, error),
    });
  }

  #ref(name: string, life?: Life): DirectRef {
    return new DirectRef(
      name,
      life?.clock ?? this.#network.world,
      () => (life ?? this.#life)?.actors.get(name) ?? null,
    );
  }

  #context(life: Life, name: string, { contract }: ActorModule, config: unknown) {
    const metrics = new Map<string, number>();
    return {
      name,
      member: 0,
      epoch: 1,
      config,
      clock: life.clock,
      refs: Object.fromEntries(contract.uses.map((use) => [use, this.#ref(use, life)])),
      log: this.#network.log ?? QUIET,
      metrics: {
        add: (metric: string, amount: number) =>
          void metrics.set(metric, (metrics.get(metric) ?? 0) + amount),
        set: (metric: string, value: number) => void metrics.set(metric, value),
        get: (metric: string) => metrics.get(metric) ?? 0,
      },
      slab: NO_SLAB,
      signal: life.stopping.signal,
      spawn: (work: () => Promise<void>) => {
        work().catch((error) => {
          if (!life.stopping.signal.aborted) this.#crash(life, name, error);
        });
      },
    };
  }

  /** A bug: the network remembers it, and the node is gone. */
  #crash(life: Life, actor: string, error: unknown): void {
    if (this.#life !== life) return;
    this.#network.crashed({ node: this.identity.index, actor, error: toErrorRecord(error), thrown: error });
    this.stop();
  }
}

/** What a peer's request may take of its owner, as at a real shard. */
const OWNER_MS = 3_000;
const NO_SLAB: Slab = {
  slotBytes: 0,
  claim: () => null,
  bytes: () => null,
  handOver: () => null,
  adopt: () => null,
  release: () => false,
};
const QUIET: Log = { debug() {}, info() {}, warn() {}, error() {} };
