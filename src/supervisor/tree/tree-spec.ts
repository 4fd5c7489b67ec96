import type { Contract } from '../contract/contract.ts';
import type { SlabSpec } from '../contract/slab.ts';
import type { Strategy } from '../contract/tree-status.ts';

export type { Strategy };

/** More restarts than `intensity` within `periodMs`, and the supervisor gives up: it stops its children and dies. */
export interface RestartLimits {
  readonly intensity: number;
  readonly periodMs: number;
}

/** One actor of the tree, as data. */
export interface ChildSpec {
  readonly contract: Contract;
  /** URL of the module whose default export is the actor. */
  readonly module: URL;
  /**
   * URL of a module that is what every worker begins with, the contracts and `module` in one, where a build has made one: a
   * worker loads it instead of them.
   */
  readonly worker?: URL;
  readonly config: unknown;
  /** Number of members of a sharded actor, each restarted by itself; absent for a plain one. */
  readonly members?: number;
  /** How many restarts of members the shards' own supervisor bears; default 5 in 30 s. */
  readonly limits?: RestartLimits;
}

/** A supervisor and its children: start order is the order of the list, stop order the reverse. */
export interface BranchSpec extends RestartLimits {
  readonly name: string;
  readonly strategy: Strategy;
  readonly children: readonly (ChildSpec | BranchSpec)[];
}

/** The root. A flat tree may leave name and strategy out. */
export interface TreeSpec extends RestartLimits {
  readonly name?: string;
  /** Default `one_for_one`. */
  readonly strategy?: Strategy;
  readonly children: readonly (ChildSpec | BranchSpec)[];
  /** URL of the module whose `contracts` export maps actor names to contracts. */
  readonly contracts: URL;
  /** Shared memory of all its actors; absent: none. */
  readonly slab?: SlabSpec;
}

export const isBranch = (spec: ChildSpec | BranchSpec): spec is BranchSpec => 'children' in spec;

/** Every actor of a tree, in start order. */
export function actorsIn(specs: readonly (ChildSpec | BranchSpec)[]): ChildSpec[] {
  return specs.flatMap((spec) => (isBranch(spec) ? actorsIn(spec.children) : [spec]));
}
