import type { Contract } from '../../../src/supervisor/contract/contract.ts';
import type { VirtualDisk } from '../../../src/supervisor/testing/faults.ts';
import type { Load, Scenario } from '../../../src/supervisor/testing/run-world.ts';
import type { World } from '../../../src/supervisor/testing/world.ts';
import { mainService, type Supervisor } from '../../../src/supervisor/tree/supervisor.ts';
import {
  actorsOn,
  contracts,
  frontContract,
  keeperContract,
  mainContract,
  plannerContract,
  shardContract,
} from './actors.ts';

const LIMITS = { intensity: 5, periodMs: 30_000 };
const url = (name: string) => new URL(`world:${name}`);

/** A small node under load: asks, tells and streams over two and three actors, given up by some of their callers. */
export function smallNode(_: World, disk: VirtualDisk): Scenario {
  const modules = actorsOn(disk);
  const child = (contract: unknown, members?: number) => {
    const { name } = contract as Contract;
    return { contract: contract as Contract, module: url(name), config: {}, ...(members && { members }) };
  };
  return {
    modules: new Map(Object.entries(modules).map(([name, module]) => [url(name).href, module])),
    contracts: contracts as unknown as Record<string, Contract>,
    service: mainService(mainContract, { greet: ({ from }) => `hello ${from}` }),
    standing: { keeper: 2 },
    // One a shard.
    standingSlots: (supervisor) => supervisor.size('shard'),
    tree: {
      name: 'root',
      strategy: 'rest_for_one',
      intensity: 3,
      periodMs: 60_000,
      contracts: url('contracts'),
      slab: { slots: 24, slotBytes: 64 },
      children: [
        { name: 'storage', strategy: 'rest_for_one', ...LIMITS, children: [child(keeperContract)] },
        { name: 'network', strategy: 'rest_for_one', ...LIMITS, children: [child(shardContract, 2)] },
        {
          name: 'catalog',
          strategy: 'one_for_one',
          ...LIMITS,
          children: [child(plannerContract), child(frontContract)],
        },
      ],
    },
    drive,
    probe: async (supervisor) => {
      await supervisor.ref(frontContract).ask('get', { key: 'probe', chunks: 3 });
      await supervisor.ref(frontContract).ask('greet', null);
      for (const member of [0, 1]) await supervisor.ref(shardContract, member).ask('serve', { key: 'probe' });
    },
  };
}

function drive(supervisor: Supervisor, { at, random }: Load): void {
  const front = supervisor.ref(frontContract);
  const keeper = supervisor.ref(keeperContract);
  const shards = [0, 1].map((member) => supervisor.ref(shardContract, member));
  for (let n = 0; n < 14; n++) {
    const key = `k${random.integer(0, 4)}`;
    const chunks = random.integer(0, 30);
    const shard = random.pick(shards);
    const patience = random.chance(0.3) ? random.between(1, 300) : undefined;
    const leaveAt = random.integer(0, 40);
    const kind = random.integer(0, 6);
    if (kind <= 1) at('front.get', () => front.ask('get', { key, chunks }, { deadlineMs: patience }));
    else if (kind === 2) at('front.greet', () => front.ask('greet', null));
    else if (kind === 3) at('shard.serve', () => shard.ask('serve', { key }, { deadlineMs: patience }));
    else if (kind === 4) {
      at('keeper.put', async () => {
        for (let i = 0; i < 40; i++) if (!keeper.tell('seen', { key, slot: null })) await keeper.ready();
        await keeper.ask('put', { key, value: n, slot: null }, { deadlineMs: patience });
      });
    } else if (kind === 5) {
      at('shard.fetch', async () => {
        for await (const { chunk } of shard.stream('fetch', { key, chunks }, { deadlineMs: patience })) {
          shard.tell('load', chunk);
          if (chunk === leaveAt) break;
        }
      });
    } else {
      at('keeper.watch', async () => {
        const abort = new AbortController();
        let count = 0;
        for await (const _ of keeper.stream('watch', null, { signal: abort.signal, deadlineMs: 8_000 })) {
          if (++count > 3) abort.abort();
        }
      });
    }
  }
}
