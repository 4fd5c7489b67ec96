import { searchContract } from '../actors/search/contract.ts';
import type { syncContract } from '../actors/sync/contract.ts';
import { FIND_VALUE, GET_MANIFEST } from '../protocol/wire/message-types.ts';
import type { ActorModule } from '../supervisor/contract/actor.ts';
import type { ConfigOf } from '../supervisor/contract/contract.ts';
import { siblingModule } from '../supervisor/tree/module-url.ts';
import type { NodeIdentity } from './identity.ts';
import { MemoryStore } from './memory-store.ts';
import type { ActorPlan, NodePlan } from './simulated-node.ts';
import { standIn } from './stand-in.ts';

/** The behaviours of a Granary node that live by the network alone. */
export interface Behaviours {
  readonly sync: ActorModule;
}

/** Loads the behaviours that worker threads of a node load. */
export async function loadBehaviours(): Promise<Behaviours> {
  const load = async (name: string): Promise<ActorModule> =>
    (await import(siblingModule(import.meta.url, `../actors/${name}/actor`).href)).default;
  return { sync: await load('sync') };
}

export interface GranaryOptions {
  /** Its sync actor, with this configuration; null: none. */
  readonly sync?: ConfigOf<typeof syncContract> | null;
}

export interface GranaryPlan extends NodePlan {
  /** What it keeps over all its lives. */
  readonly store: MemoryStore;
}

const OWNERS: ReadonlyMap<number, string> = new Map([
  [FIND_VALUE, 'store'],
  [GET_MANIFEST, 'store'],
]);

/** A Granary node: real behaviours, with a store in memory and an index that indexes nothing. */
export function granaryNode(
  identity: NodeIdentity,
  behaviours: Behaviours,
  { sync = null }: GranaryOptions = {},
): GranaryPlan {
  const store = new MemoryStore(identity);
  return {
    identity,
    store,
    owners: OWNERS,
    actors: (): Readonly<Record<string, ActorPlan>> => ({
      store: { module: store.module() },
      search: { module: standIn(searchContract, () => ({ refresh: () => ({ items: 0 }) })) },
      ...(sync && { sync: { module: behaviours.sync, config: sync } }),
    }),
  };
}
