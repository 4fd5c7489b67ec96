/**
 * Time, order and faults for tests of actors: the real supervisor and the real behaviours on one thread, in an order
 * that is a function of a seed.
 */
export { FAULT_KINDS, type Fault, type FaultKind, VirtualDisk } from './faults.ts';
export { ManualClock } from './manual-clock.ts';
export { Random } from './random.ts';
export { type Load, type Outcome, runWorld, type Scenario } from './run-world.ts';
export type { VirtualLife } from './virtual-life.ts';
export { VirtualPlacement } from './virtual-placement.ts';
export { World } from './world.ts';
