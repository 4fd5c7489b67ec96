import { type Check, fail } from './check.ts';
import { clock } from './checks/clock.ts';
import { configuration } from './checks/configuration.ts';
import { disk } from './checks/disk.ts';
import { fileSystem } from './checks/file-system.ts';
import { limits } from './checks/limits.ts';
import { listening } from './checks/listening.ts';
import { actors, node } from './checks/node.ts';
import { dataFolder, permissions } from './checks/permissions.ts';
import { quic } from './checks/quic.ts';
import { hashing, runtime } from './checks/runtime.ts';
import type { Facts } from './facts.ts';

/** In the order of the report. */
const CHECKS: Readonly<Record<string, (facts: Facts) => Check | Check[] | Promise<Check | Check[]>>> = {
  runtime,
  hashing: () => hashing(),
  configuration,
  node,
  actors,
  'data-folder': dataFolder,
  permissions,
  disk,
  'file-system': fileSystem,
  port: listening,
  quic,
  limits,
  clock,
};

/** Every check, one after the other. One that fails on a bug of its own says so, and the others go on. */
export async function examine(facts: Facts): Promise<Check[]> {
  const checks: Check[] = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    facts.signal.throwIfAborted();
    try {
      checks.push(...[await check(facts)].flat());
    } catch (error) {
      checks.push(fail(name, `this check failed on a bug of its own: ${error}`, 'please report this'));
    }
  }
  return checks;
}
