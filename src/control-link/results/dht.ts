import type { AnnounceStatus, DhtTableRow } from '../../actors/dht/contract.ts';
import type { NextPage } from './pages.ts';

/** A node of the routing table. */
export interface DhtRow extends Omit<DhtTableRow, 'nodeId' | 'nodeKey' | 'seen'> {
  readonly node_id: string;
  readonly node_key: string;
  /** Its last answer. */
  readonly seen: string;
}

/** Counters are those of this life of the actor. */
export interface DhtResult extends NextPage {
  readonly nodes: number;
  readonly buckets: number;
  /** Kept for others. */
  readonly values: number;
  readonly value_bytes: number;
  /** Share heads among them whose signature is known to be right, and those it is not known of. */
  readonly heads_checked: number;
  readonly heads_unchecked: number;
  readonly lookups: number;
  readonly lookups_running: number;
  readonly requests: number;
  readonly requests_failed: number;
  readonly stores_taken: number;
  readonly stores_refused: number;
  /** Own shares given to other nodes, and nodes that took the heads of them, in all. */
  readonly published: number;
  readonly replicas: number;
  readonly announce: AnnounceResult;
  readonly table: readonly DhtRow[];
}

/** How far the node is with telling the DHT which files it has. */
export interface AnnounceResult extends Omit<AnnounceStatus, 'next' | 'perSecond'> {
  readonly next: string | null;
  /** Values given in a second, over ten minutes. */
  readonly per_second: number;
}
