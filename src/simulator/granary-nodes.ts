import { acceptorContract } from '../actors/acceptor/contract.ts';
import { type DhtConfig, dhtConfig } from '../actors/dht/config.ts';
import { type PexConfig, pexConfig } from '../actors/pex/config.ts';
import { pexContract } from '../actors/pex/contract.ts';
import { searchContract } from '../actors/search/contract.ts';
import { type SyncConfig, syncConfig } from '../actors/sync/config.ts';
import { checked } from '../checked-config.ts';
import { failure } from '../errors.ts';
import {
  FIND_NODE,
  FIND_VALUE,
  GET_MANIFEST,
  PEX_OFFER,
  PEX_REQUEST,
  STORE,
} from '../protocol/wire/message-types.ts';
import type { ActorModule } from '../supervisor/contract/actor.ts';
import { Random } from '../supervisor/testing/random.ts';
import { siblingModule } from '../supervisor/tree/module-url.ts';
import type { NodeIdentity } from './identity.ts';
import { introductions } from './introductions.ts';
import { MemoryStore } from './memory-store.ts';
import type { ActorPlan, NodePlan } from './simulated-node.ts';
import { standIn } from './stand-in.ts';

/** The behaviours of a Granary node that live by the network alone. */
export interface Behaviours {
  readonly dht: ActorModule;
  /** With chance of a seed, where a node draws lots. */
  readonly pex: (seed: number) => ActorModule;
  readonly sync: ActorModule;
}

/** Loads the behaviours that worker threads of a node load. */
export async function loadBehaviours(): Promise<Behaviours> {
  const load = async (name: string): Promise<ActorModule> =>
    (await import(siblingModule(import.meta.url, `../actors/${name}/actor`).href)).default;
  const [dht, sync] = await Promise.all(['dht', 'sync'].map(load));
  const { startPex } = await import(siblingModule(import.meta.url, '../actors/pex/start-pex').href);
  const pex = (seed: number): ActorModule => ({
    contract: pexContract,
    start: (context) => startPex(context, { bans: NO_BANS, lookup: noNames, random: new Random(seed).next }),
  });
  return { dht: dht!, pex, sync: sync! };
}

const NO_BANS = { hasAddress: () => false, hasKey: () => false };
const noNames = (host: string): never => {
  throw failure('E_ADDRESS_INVALID', 'a simulated network has no names', { subject: host });
};

export interface GranaryOptions {
  /** Settings of its DHT; null: it has none. */
  readonly dht?: Partial<DhtConfig> | null;
  /** Settings of its exchange of peers; by default introductions are in its place (`introductions`). */
  readonly pex?: Partial<PexConfig> | null;
  /** Settings of its sync actor; null, and by default: it has none. */
  readonly sync?: Partial<SyncConfig> | null;
}

export interface GranaryPlan extends NodePlan {
  /** What it keeps over all its lives. */
  readonly store: MemoryStore;
}

/** As at a real shard; without a DHT the store answers what it has. */
const ownersOf = (dht: boolean): ReadonlyMap<number, string> =>
  new Map([
    [FIND_VALUE, dht ? 'dht' : 'store'],
    [GET_MANIFEST, 'store'],
    ...(dht
      ? ([
          [FIND_NODE, 'dht'],
          [STORE, 'dht'],
          [PEX_OFFER, 'pex'],
          [PEX_REQUEST, 'pex'],
        ] as const)
      : []),
  ]);

const chanceOf = ({ nodeKey }: NodeIdentity): number => Number.parseInt(nodeKey.slice(0, 8), 16);

/** A Granary node: real behaviours, with a store in memory and an index that indexes nothing. */
export function granaryNode(
  identity: NodeIdentity,
  behaviours: Behaviours,
  { dht = {}, pex = null, sync = null }: GranaryOptions = {},
): GranaryPlan {
  const store = new MemoryStore(identity);
  const advertised = identity.reachable ? [identity.address] : [];
  const dhtSettings = dht && checked('dht', dhtConfig, dht);
  const pexSettings = pex && checked('pex', pexConfig, pex);
  const syncSettings = sync && checked('sync', syncConfig, sync);
  return {
    identity,
    store,
    owners: ownersOf(dht !== null),
    actors: (): Readonly<Record<string, ActorPlan>> => ({
      store: { module: store.module() },
      search: { module: standIn(searchContract, () => ({ refresh: () => ({ items: 0 }) })) },
      acceptor: {
        module: standIn(acceptorContract, () => ({ addresses: () => ({ bound: advertised, advertised }) })),
      },
      ...(dhtSettings && {
        dht: { module: behaviours.dht, config: dhtSettings },
        pex: pexSettings
          ? { module: behaviours.pex(chanceOf(identity)), config: pexSettings }
          : {
              module: introductions,
              config: { own: identity.reachable ? `${identity.address}@${identity.nodeKey}` : null },
            },
      }),
      ...(syncSettings && { sync: { module: behaviours.sync, config: syncSettings } }),
    }),
  };
}
