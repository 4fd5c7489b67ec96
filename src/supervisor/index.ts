/**
 * The actor kernel on its own: contracts as data, one worker thread an actor, supervisors as a tree of data. What it
 * promises is in SEMANTICS.md, a program of three actors in `examples/word-count`.
 *
 * ```ts
 * import { Supervisor } from 'granary/supervisor';
 * const supervisor = new Supervisor({ contracts, children, intensity: 5, periodMs: 30_000 });
 * await supervisor.start();
 * ```
 */
export {
  type ActorContext,
  type ActorModule,
  actorsOf,
  type Behaviour,
  type Call,
  type ContractMap,
  type Handlers,
  type Log,
  type MetricsPage,
  type Pressure,
  type RefsOf,
} from './contract/actor.ts';
export { ActorError, type ErrorRecord, fromErrorRecord, toErrorRecord } from './contract/actor-error.ts';
export { type Clock, sleep, systemClock } from './contract/clock.ts';
export {
  ask,
  type ConfigOf,
  type Contract,
  configOf,
  defineContract,
  type Messages,
  type MessagesOf,
  type Overflow,
  type Restart,
  stream,
  tell,
} from './contract/contract.ts';
export type { CallOptions, GroupRef, Ref } from './contract/ref.ts';
export type { Slab, SlabSpec, SlabStatus, SlotHandle, SlotPath } from './contract/slab.ts';
export type { BranchStatus, DeathCause, LeafStatus, Strategy, TreeStatus } from './contract/tree-status.ts';
export { createLog } from './observe/log.ts';
export type { LogLevel } from './observe/log-level.ts';
export { connectOverSocket, serveOverSocket } from './runtime/socket-conversation.ts';
export type { MemoryLimits } from './tree/memory-watch.ts';
export { siblingModule } from './tree/module-url.ts';
export {
  type ActorStatus,
  mainService,
  type StopReport,
  Supervisor,
  type SupervisorEvents,
  type SupervisorOptions,
} from './tree/supervisor.ts';
export type { BranchSpec, ChildSpec, RestartLimits, TreeSpec } from './tree/tree-spec.ts';
