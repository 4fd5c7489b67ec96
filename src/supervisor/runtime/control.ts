import type { Pressure } from '../contract/actor.ts';
import type { ErrorRecord } from '../contract/actor-error.ts';
import type { FramePort } from '../link/frame.ts';
import type { SlabShare } from '../memory/life-slab.ts';
import type { LogLevel } from '../observe/log-level.ts';
import type { LogLine } from '../observe/told-log.ts';

/** A ref an actor will hold: the target's name, how many members it has, and whether it is a group. */
export interface UseSpec {
  readonly name: string;
  readonly members: number;
  readonly group: boolean;
}

/** What a life is born with. */
export interface ActorBirth {
  /** URL of the module whose default export is the actor. */
  readonly module: string;
  /** URL of all that a worker loads, in one file; null: there is none, the two others are loaded. */
  readonly worker: string | null;
  /** URL of the module whose `contracts` export maps actor names to contracts. */
  readonly contracts: string;
  /** Unique in the tree: `store`, `transport/0`. */
  readonly id: string;
  readonly name: string;
  readonly member: number;
  readonly epoch: number;
  readonly config: unknown;
  readonly uses: readonly UseSpec[];
  readonly metrics: SharedArrayBuffer;
  readonly slab: SlabShare;
  readonly logLevel: LogLevel;
}

/** Supervisor to actor. Travels on a port of its own, so that a flooded mailbox cannot delay it. `life`: who is at the other end, as the slab counts. */
export type ControlMessage =
  | { type: 'bind'; to: string; member: number; epoch: number; life: number; budget: number; port: FramePort }
  | { type: 'down'; to: string; member: number }
  | { type: 'serve'; from: string; life: number; budget: number; port: FramePort }
  /** The group has so many members now. */
  | { type: 'members'; to: string; size: number }
  | { type: 'start' }
  | { type: 'pressure'; level: Pressure }
  | { type: 'quiesce' }
  | { type: 'retire' }
  | { type: 'stop' };

/** Actor to supervisor. */
export type ControlReport =
  | { type: 'started' }
  | { type: 'failed'; error: ErrorRecord }
  | { type: 'crashed'; error: ErrorRecord }
  /** The link to this target closed while both lives went on. */
  | { type: 'lost'; to: string; member: number; epoch: number }
  | { type: 'quiesced' }
  | { type: 'retired' }
  | { type: 'stopped' };

/** What comes from a worker: reports for the supervisor, and lines for the log. */
export type WorkerReport = ControlReport | { type: 'logged'; line: LogLine };
