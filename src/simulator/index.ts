/**
 * Networks of thousands of nodes on one thread, in virtual time: the real behaviours of actors over simulated links with
 * delays, losses, nodes that cannot be dialled, that come and go, and that lie. A run is a function of its seed. Written
 * about in `docs/simulator.md`; a program of its own is `examples/simulated-network`.
 */
export { transportContract } from '../actors/transport/contract.ts';
export type { WireReply, WireRequest } from '../actors/wire-request.ts';
export {
  ATTACKS,
  type Attack,
  type AttackResult,
  addSybils,
  runAttack,
  type SybilOptions,
} from './attacks/index.ts';
export { type ChurnOptions, churn, kill } from './churn.ts';
export { type LookupFigures, lookUpValues, storeValues, type TestValue } from './dht-measure.ts';
export { DhtWorld, type DhtWorldOptions } from './dht-world.ts';
export {
  type Behaviours,
  type GranaryOptions,
  type GranaryPlan,
  granaryNode,
  loadBehaviours,
} from './granary-nodes.ts';
export { type IdentityOptions, identityOf, keyOf, type NodeIdentity } from './identity.ts';
export { type LinkOptions, Links } from './links.ts';
export { type LookupCost, LookupProbe } from './lookup-probe.ts';
export { MemoryStore } from './memory-store.ts';
export {
  type NetworkCounts,
  type NetworkMessage,
  type NetworkOptions,
  type SimulatedCrash,
  SimulatedNetwork,
} from './network.ts';
export { type Propagation, type PropagationOptions, propagate } from './propagation.ts';
export { type Revision, revisionOf, shareKeyOf } from './share.ts';
export { type ActorPlan, type NodePlan, SimulatedNode } from './simulated-node.ts';
