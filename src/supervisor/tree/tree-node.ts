import type { Restart } from '../contract/contract.ts';
import type { Child, ChildState, Death, DeathCause } from './child.ts';
import type { Strategy } from './tree-spec.ts';

/** What a supervisor supervises: an actor, or another supervisor. */
export interface TreeNode {
  readonly name: string;
  readonly restart: Restart;
  readonly up: boolean;
  /** What ended it last, or kept it from starting. */
  readonly lastDeath: Death | null;
  /** The actors in it, in start order. */
  readonly actors: readonly Child[];
  /** Resolves once it is up; rejects once it is certainly not. */
  start(): Promise<void>;
  /** Resolves once nothing of it runs. Settles a start that is under way. */
  stop(): Promise<void>;
  /** No restarts from here on: a stop is coming. */
  hold(): void;
  status(): TreeStatus;
}

/** A supervisor and its children, as they are now. */
export interface BranchStatus {
  readonly name: string;
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly periodMs: number;
  /** Restarts within the last period: one more than `intensity` ends the supervisor. */
  readonly recent: number;
  readonly children: readonly TreeStatus[];
}

export interface LeafStatus {
  readonly actor: string;
  readonly state: ChildState;
  readonly health: 'healthy' | 'busy';
  readonly restarts: number;
  /** Null while it never died. */
  readonly lastDeath: { readonly cause: DeathCause; readonly message: string | null } | null;
}

export type TreeStatus = BranchStatus | LeafStatus;
