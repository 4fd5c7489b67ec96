import type { Restart } from '../contract/contract.ts';
import type { TreeStatus } from '../contract/tree-status.ts';
import type { Child, Death } from './child.ts';

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
