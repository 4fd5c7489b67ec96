import type { Hex } from './content-types.ts';

// Peers that were met, and those that are banned, as the store keeps them.

/** What a peer was like when it was last met. */
export interface KnownPeer {
  readonly address: string;
  readonly nodeKey: Hex;
  readonly version: 1 | 2;
  readonly capabilityKeys: 5 | 8;
  readonly native: boolean;
  readonly seenAt: number;
}

/** The same, with what this node thinks of it. Times are unix seconds. */
export interface StoredPeer extends KnownPeer {
  readonly capabilities: readonly string[];
  /** Dials in a row that failed. */
  readonly failures: number;
  /** What it was at `scoreAt`: it is forgotten little by little. */
  readonly score: number;
  readonly scoreAt: number;
  /** How it came here: `seed`, `dial`, or the node key of the peer that told of it. */
  readonly source: string;
}

/** A node key, an address or a network in CIDR form that this node has nothing to do with. */
export interface Ban {
  readonly target: string;
  /** Unix seconds. */
  readonly since: number;
}
