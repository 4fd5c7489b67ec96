import { sleep } from '../../../src/supervisor/contract/clock.ts';
import type { VirtualDisk } from '../../../src/supervisor/testing/faults.ts';
import type { Scenario } from '../../../src/supervisor/testing/run-world.ts';
import type { World } from '../../../src/supervisor/testing/world.ts';
import { smallNode } from './scenario.ts';

/** The small node, whose shards become more and fewer while it is under load. */
export function resizedNode(world: World, disk: VirtualDisk): Scenario {
  const small = smallNode(world, disk);
  return {
    ...small,
    // Room for the slot that each shard keeps, whatever is under way when it starts.
    tree: { ...small.tree, slab: { slots: 64, slotBytes: 64 } },
    drive(supervisor, load) {
      small.drive(supervisor, load);
      for (let n = 0; n < 4; n++) {
        const members = load.random.integer(1, 4);
        load.at(`resize to ${members}`, () => supervisor.resize('shard', members));
      }
    },
    async probe(supervisor) {
      await supervisor.resize('shard', 2);
      await supervisor.retired('shard');
      // Those they called learn of their end a little later.
      await sleep(world, 5_000);
      await small.probe(supervisor);
    },
  };
}
