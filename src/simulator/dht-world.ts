import type { DhtConfig } from '../actors/dht/config.ts';
import { dhtContract } from '../actors/dht/contract.ts';
import type { PexConfig } from '../actors/pex/config.ts';
import { type Behaviours, type GranaryPlan, granaryNode } from './granary-nodes.ts';
import { identityOf } from './identity.ts';
import { type NetworkOptions, SimulatedNetwork } from './network.ts';
import type { NodePlan, SimulatedNode } from './simulated-node.ts';

export interface DhtWorldOptions extends NetworkOptions {
  readonly nodes: number;
  /** Share of the nodes that nobody can dial; default 0. */
  readonly nat?: number;
  /** Settings of every DHT, beside where it begins. */
  readonly dht?: Partial<DhtConfig>;
  /** Settings of the real exchange of peers, beside where it begins; default: introductions in its place. */
  readonly pex?: Partial<PexConfig>;
  /** Milliseconds from one node's start to the next one's; default 20. */
  readonly joinMs?: number;
  /** After the last start; default 60,000. */
  readonly settleMs?: number;
  /** Told of progress, by number of nodes that started. */
  readonly joined?: (nodes: number) => void;
}

/** Nodes that others begin with: the first ones, which know each other. */
const SEEDS = 8;
/** Of those, what one node is told. */
const SEEDS_TOLD = 3;
/** Progress is told after so many. */
const TOLD_EVERY = 500;

/** Granary nodes that found each other through a few first ones. */
export class DhtWorld {
  readonly network: SimulatedNetwork;
  readonly plans: readonly GranaryPlan[];
  readonly #options: DhtWorldOptions;

  private constructor(options: DhtWorldOptions, behaviours: Behaviours) {
    const { seed, nodes, nat = 0, dht = {}, pex } = options;
    this.#options = options;
    this.network = new SimulatedNetwork(options);
    const identities = Array.from({ length: nodes }, (_, index) =>
      // The first ones are those that everybody is told of.
      identityOf(seed, index, { reachable: index < SEEDS || !this.network.random.chance(nat) }),
    );
    this.plans = identities.map((identity, index) => {
      const told = Array.from({ length: SEEDS_TOLD }, (_, n) => (index + n * 3 + 1) % Math.min(SEEDS, nodes));
      const bootstrap = told
        .filter((at) => at !== index)
        .map((at) => `${identities[at]!.address}@${identities[at]!.nodeKey}`);
      return granaryNode(identity, behaviours, {
        dht: { ...dht, bootstrap },
        pex: pex ? { ...pex, bootstrap } : null,
      });
    });
    for (const plan of this.plans) this.network.add(plan);
  }

  /** Every node has started, and has had its time to find its place. */
  static async join(options: DhtWorldOptions, behaviours: Behaviours): Promise<DhtWorld> {
    const world = new DhtWorld(options, behaviours);
    const { joinMs = 20, settleMs = 60_000, joined } = options;
    for (const node of world.nodes) {
      void node.start();
      await world.network.runFor(joinMs);
      const { index } = node.identity;
      if ((index + 1) % TOLD_EVERY === 0) joined?.(index + 1);
    }
    await world.network.runFor(settleMs);
    world.network.throwCrash();
    return world;
  }

  get nodes(): readonly SimulatedNode[] {
    return this.network.nodes;
  }

  /** Those that are up and run a DHT. */
  get alive(): readonly SimulatedNode[] {
    return this.nodes.filter((node) => node.up && node.plan.script === undefined);
  }

  /** A node that answers what it likes. */
  addScripted(
    script: NonNullable<NodePlan['script']>,
    identity = identityOf(this.#options.seed, this.nodes.length),
  ): SimulatedNode {
    return this.network.add({ identity, script, actors: () => ({}), owners: new Map() });
  }

  /** Nodes in the routing tables of those that are up: on average, and of the poorest. */
  async tableSizes(): Promise<{ mean: number; least: number }> {
    const sizes = await Promise.all(
      this.alive.map(
        async (node) => (await this.network.until(node.ref(dhtContract).ask('status', null), 10_000)).nodes,
      ),
    );
    return { mean: sizes.reduce((a, b) => a + b, 0) / sizes.length, least: Math.min(...sizes) };
  }
}
