import type { Log } from '../contract/actor.ts';
import type { Clock } from '../contract/clock.ts';
import type { SlabKeeper } from '../memory/slab-keeper.ts';
import type { LogLevel } from '../observe/log-level.ts';
import type { Deadlines } from '../runtime/deadlines.ts';
import type { Child, Death } from './child.ts';
import type { Mesh } from './mesh.ts';
import type { Placement } from './placement.ts';

/** What every node of a tree works with. */
export interface TreeRuntime {
  readonly placement: Placement;
  readonly contracts: URL;
  readonly logLevel: LogLevel;
  readonly log: Log;
  readonly clock: Clock;
  /** Jitter of the backoff, 0..1. */
  readonly random: () => number;
  readonly deadlines: Deadlines;
  readonly mesh: Mesh;
  readonly slab: SlabKeeper;
  onUp(child: Child): void;
  /** An actor did not stop in its time and is being terminated. */
  onCut(child: Child): void;
  /** An actor lives again, after its own death or after that of one it depends on. */
  onRestarted(child: Child, death: Death): void;
}
