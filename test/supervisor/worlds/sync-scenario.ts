import { contracts } from '../../../src/actors/contracts.ts';
import { searchContract } from '../../../src/actors/search/contract.ts';
import type { Subscription } from '../../../src/actors/share-types.ts';
import { storeContract } from '../../../src/actors/store/contract.ts';
import { supervisorContract } from '../../../src/actors/supervisor/contract.ts';
import sync from '../../../src/actors/sync/actor.ts';
import { syncContract } from '../../../src/actors/sync/contract.ts';
import { transportContract } from '../../../src/actors/transport/contract.ts';
import { failure } from '../../../src/errors.ts';
import { toHex } from '../../../src/protocol/crypto/bytes.ts';
import { shareIdOf } from '../../../src/protocol/objects/ids.ts';
import type { ActorModule } from '../../../src/supervisor/contract/actor.ts';
import { sleep } from '../../../src/supervisor/contract/clock.ts';
import type { Contract } from '../../../src/supervisor/contract/contract.ts';
import type { VirtualDisk } from '../../../src/supervisor/testing/faults.ts';
import type { Load, Scenario } from '../../../src/supervisor/testing/run-world.ts';
import type { World } from '../../../src/supervisor/testing/world.ts';
import { mainService, type Supervisor } from '../../../src/supervisor/tree/supervisor.ts';
import { key, revision, ScriptedPeer, subscriptionOf } from '../../actors/sync/world.ts';

const LIMITS = { intensity: 5, periodMs: 30_000 };
const ADDRESSES = ['tcp://192.0.2.1:7001', 'tcp://192.0.2.2:7001', 'tcp://192.0.2.3:7001'];
const share = key(7);
const SHARE_ID = toHex(shareIdOf(share.publicKey));
const NEWS = [1, 2, 3].map((seq) => revision(share, seq));
const CONFIGS: Readonly<Record<string, object>> = {
  store: { home: '/nowhere' },
  search: { home: '/nowhere' },
  sync: { bootstrap: [], intervalSeconds: 2 },
};
/** The disk of this store takes seconds, not the two minutes that a real one may. */
const storeHere = { ...storeContract, hungMs: 2_000 };
const url = (name: string) => new URL(`world:${name}`);

/** The messages of these contracts that sync sends; the others are nobody's here. */
type Partly = Readonly<Record<string, (request: never, call: { signal: AbortSignal }) => unknown>>;
const scripted = (contract: unknown, start: (context: never) => Partly): ActorModule =>
  ({ contract, start: (context: never) => ({ handlers: start(context) }) }) as unknown as ActorModule;

/** The real sync actor between a store, shards and an index that are scripted: peers of different minds, a slow disk. */
export function syncNode(world: World, disk: VirtualDisk): Scenario {
  // What survives the death of an actor, as files do.
  const kept = new Map<string, Subscription>([
    [SHARE_ID, subscriptionOf(SHARE_ID, toHex(share.publicKey), ADDRESSES)],
  ]);
  const peers = new Map(ADDRESSES.map((address) => [address, new ScriptedPeer()]));
  for (const [index, peer] of [...peers.values()].entries()) peer.put(NEWS[index]!);

  const store = scripted(storeHere, ({ clock }: { clock: World }) => {
    const change = (shareId: string, part: Partial<Subscription>) => {
      const known = kept.get(shareId);
      if (!known) throw failure('E_NOT_FOUND', 'no such subscription');
      kept.set(shareId, { ...known, ...part });
      return kept.get(shareId);
    };
    return {
      keyRecords: () => [],
      subscriptions: () => [...kept.values()],
      subscription: ({ shareId }: { shareId: string }) => kept.get(shareId) ?? null,
      noteSync: async ({ shareId, error }: { shareId: string; error: Subscription['lastError'] }) => {
        await sleep(clock, disk.delayMs());
        change(shareId, { lastError: error });
        return null;
      },
      commitManifest: async ({ shareId }: { shareId: string }) => {
        await sleep(clock, disk.delayMs());
        return change(shareId, { seq: (kept.get(shareId)?.seq ?? 0) + 1, items: 1 });
      },
    };
  });
  const transport = scripted({ ...transportContract, uses: [] }, ({ clock }: { clock: World }) => ({
    dialled: () => [],
    connect: async ({ address }: { address: string }, { signal }) => {
      await sleep(clock, world.random.between(1, 400), signal);
      if (world.random.chance(0.3)) throw failure('E_PEER_UNREACHABLE', `${address} does not answer`);
      return { address, dialect: '2/8' };
    },
    request: async (
      { peer, type, payload }: { peer: { address: string }; type: number; payload: Uint8Array },
      { signal },
    ) => {
      await sleep(clock, world.random.between(1, 300), signal);
      if (world.random.chance(0.1)) await sleep(clock, 20_000, signal);
      return await peers.get(peer.address)!.answer(type, payload);
    },
  }));
  const search = scripted({ ...searchContract, uses: [] }, () => ({ refresh: () => ({ items: 1 }) }));

  const child = (contract: unknown, members?: number) => ({
    contract: contract as Contract,
    module: url((contract as Contract).name),
    config: CONFIGS[(contract as Contract).name] ?? {},
    ...(members && { members }),
  });
  return {
    modules: new Map(
      Object.entries({ store, transport, search, sync: sync as unknown as ActorModule }).map(
        ([name, module]) => [url(name).href, module],
      ),
    ),
    contracts: contracts as unknown as Record<string, Contract>,
    service: mainService(supervisorContract, {
      status: nobody,
      memory: nobody,
      stop: () => {},
      settings: nobody,
      reload: nobody,
      tuning: nobody,
      tune: nobody,
    }),
    // It goes on syncing by itself: what runs at one moment says nothing.
    standing: { store: null, 'transport/0': null, 'transport/1': null, sync: null, search: null },
    tree: {
      name: 'root',
      strategy: 'rest_for_one',
      intensity: 3,
      periodMs: 60_000,
      contracts: url('contracts'),
      children: [
        { name: 'storage', strategy: 'rest_for_one', ...LIMITS, children: [child(storeHere)] },
        {
          name: 'network',
          strategy: 'rest_for_one',
          ...LIMITS,
          children: [child({ ...transportContract, uses: [] }, 2)],
        },
        {
          name: 'catalog',
          strategy: 'one_for_one',
          ...LIMITS,
          children: [child({ ...searchContract, uses: [] }), child(syncContract)],
        },
      ],
    },
    drive,
    probe: (supervisor) => supervisor.ref(syncContract).ask('sync', { shareId: SHARE_ID }),
  };
}

const nobody = (): never => {
  throw failure('E_NOT_FOUND', 'nobody asks this here');
};

function drive(supervisor: Supervisor, { at, random }: Load): void {
  const ref = supervisor.ref(syncContract);
  for (let n = 0; n < 8; n++) {
    const shareId = random.chance(0.5) ? SHARE_ID : null;
    const deadlineMs = random.chance(0.3) ? random.between(1, 500) : undefined;
    at('sync.sync', () => ref.ask('sync', { shareId }, { deadlineMs }));
  }
}
