/**
 * Networks of thousands of nodes on one thread, in virtual time: the real behaviours of actors over simulated links with
 * delays, losses, nodes that cannot be dialled, that come and go, and that lie. A run is a function of its seed.
 *
 * ```ts
 * import { identityOf, SimulatedNetwork } from 'granary/simulator';
 * const network = new SimulatedNetwork({ seed: 1 });
 * const node = network.add({ identity: identityOf(1, 0), actors: () => ({ mine: { module } }), owners: new Map([[200, 'mine']]) });
 * await network.until(node.start(), 1_000);
 * ```
 */
export { type ChurnOptions, churn, kill } from './churn.ts';
export { type IdentityOptions, identityOf, keyOf, type NodeIdentity } from './identity.ts';
export { type LinkOptions, Links } from './links.ts';
export { type NetworkCounts, type NetworkOptions, type SimulatedCrash, SimulatedNetwork } from './network.ts';
export { type ActorPlan, type NodePlan, SimulatedNode } from './simulated-node.ts';
