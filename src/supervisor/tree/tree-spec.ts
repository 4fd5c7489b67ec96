import type { Contract } from '../contract/contract.ts';

/** One child of the tree, as data. Order in the list is start order; stop order is the reverse. */
export interface ChildSpec {
  readonly contract: Contract;
  /** URL of the module whose default export is the actor. */
  readonly module: URL;
  readonly config: unknown;
  /** Number of members of a sharded actor; absent for a plain one. */
  readonly members?: number;
}

export interface TreeSpec {
  readonly children: readonly ChildSpec[];
  /** URL of the module whose `contracts` export maps actor names to contracts. */
  readonly contracts: URL;
  /** More restarts than `intensity` within `periodMs` and the tree gives up: it stops in order. */
  readonly intensity: number;
  readonly periodMs: number;
}
