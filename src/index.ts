/**
 * Granary as a library.
 *
 * ```ts
 * import { createNode } from 'granary';
 * const node = await createNode({ home: '/var/lib/granary', control: { socket: '/run/granary.sock' } });
 * console.log(node.addresses);
 * await node.stop();
 * ```
 */

/** What each actor may be asked: `node.supervisor.ref(contracts.search).ask('search', ...)`. */
export { contracts } from './actors/contracts.ts';
export type { ConfigReload, SettingRow } from './actors/supervisor/contract.ts';
export { ERRORS, type ErrorCode } from './errors.ts';
export {
  createNode,
  GranaryNode,
  type LiveSettings,
  type NodeEvents,
  type NodeSettings,
  type SettingsOwner,
} from './node.ts';
export { ActorError, type ErrorRecord } from './supervisor/contract/actor-error.ts';
export type { StopReport } from './supervisor/tree/supervisor.ts';
export { VERSION } from './version.ts';
