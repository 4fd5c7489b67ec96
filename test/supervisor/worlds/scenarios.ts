import type { VirtualDisk } from '../../../src/supervisor/testing/faults.ts';
import type { Scenario } from '../../../src/supervisor/testing/run-world.ts';
import type { World } from '../../../src/supervisor/testing/world.ts';
import { resizedNode } from './resized-scenario.ts';
import { smallNode } from './scenario.ts';
import { syncNode } from './sync-scenario.ts';

/** Worlds by name: `npm run worlds -- --scenario NAME`. */
export const scenarios: Readonly<Record<string, (world: World, disk: VirtualDisk) => Scenario>> = {
  small: smallNode,
  resized: resizedNode,
  sync: syncNode,
};
