import { type ChurnOptions, churn } from './churn.ts';
import { type Behaviours, type GranaryPlan, granaryNode } from './granary-nodes.ts';
import { identityOf } from './identity.ts';
import { type NetworkOptions, SimulatedNetwork } from './network.ts';
import { revisionOf, shareKeyOf } from './share.ts';

export interface PropagationOptions extends NetworkOptions {
  /** The publisher and its subscribers. */
  readonly nodes: number;
  /** Seconds from one pass of a subscriber to its next; default 60. */
  readonly intervalSeconds?: number;
  /** Share of the subscribers that nobody can dial; default 0. */
  readonly nat?: number;
  /** Subscribers that come and go, all the while; default: they stay. */
  readonly churn?: ChurnOptions | null;
  /** Addresses of other subscribers in a subscriber's link, beside that of the publisher; default 4. */
  readonly known?: number;
  /** How long the new revision is watched; default ten intervals. */
  readonly watchMs?: number;
}

export interface Propagation {
  readonly network: SimulatedNetwork;
  readonly subscribers: number;
  /** Milliseconds from the publish until each of those that have the revision had it, shortest first. */
  readonly tookMs: readonly number[];
}

/**
 * One share and its subscribers, each with the real sync actor: all have the first revision, then the second one is
 * published. How long it takes to get round.
 */
export async function propagate(options: PropagationOptions, behaviours: Behaviours): Promise<Propagation> {
  const { seed, nodes, intervalSeconds = 60, nat = 0, known = 4 } = options;
  const network = new SimulatedNetwork(options);
  const key = shareKeyOf(seed, 0);
  const unixNow = () => Math.floor(network.world.wall() / 1000);
  const first = revisionOf(key, 1, unixNow());
  const { shareId, shareKey } = first;
  const plans = Array.from({ length: nodes }, (_, index) =>
    granaryNode(
      identityOf(seed, index, { reachable: index === 0 || !network.random.chance(nat) }),
      behaviours,
      {
        dht: null,
        sync: { intervalSeconds },
      },
    ),
  );
  const addressOf = ({ identity: { address, nodeKey } }: GranaryPlan) => `${address}@${nodeKey}`;
  plans[0]!.store.publish(first);
  for (const plan of plans.slice(1)) {
    const others = Array.from({ length: known }, () => addressOf(network.random.pick(plans.slice(1))));
    plan.store.subscribe(shareId, shareKey, [addressOf(plans[0]!), ...others]);
  }
  for (const plan of plans) {
    void network.add(plan).start();
    await network.runFor((intervalSeconds * 1000) / nodes);
  }
  const subscribers = network.nodes.slice(1);
  const stop = options.churn ? churn(network, subscribers, options.churn) : () => {};
  await network.runFor(5 * intervalSeconds * 1000);
  const publishedAt = network.now();
  plans[0]!.store.publish(revisionOf(key, 2, unixNow()));
  await network.runFor(options.watchMs ?? 10 * intervalSeconds * 1000);
  stop();
  const tookMs = plans
    .slice(1)
    .flatMap(({ store }) => store.takenAt.get(shareId)?.get(2) ?? [])
    .map((at) => at - publishedAt)
    .sort((a, b) => a - b);
  return { network, subscribers: subscribers.length, tookMs };
}
