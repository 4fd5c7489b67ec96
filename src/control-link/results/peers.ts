import type { KnownRow, SeedRow } from '../../actors/pex/contract.ts';

export interface PeerRow {
  readonly node_id: string;
  readonly node_key: string;
  readonly address: string;
  readonly transport: string;
  readonly bound: string;
  readonly native: boolean;
  readonly direction: 'in' | 'out';
  readonly dialect: string;
  readonly since: string;
  readonly bytes_up: number;
  readonly bytes_down: number;
  readonly rate_up: number;
  readonly rate_down: number;
  readonly capabilities: readonly string[];
}

/** A peer this node knows of, connected or not. */
export interface KnownPeerRow extends Omit<KnownRow, 'nodeKey' | 'seen'> {
  /** Of hearsay: what is said of it; null: nothing. */
  readonly node_key: string | null;
  readonly last_seen: string | null;
}

/** One entry of the bootstrap list. */
export interface SeedEntry extends Omit<SeedRow, 'lastAnswer' | 'nextTry'> {
  readonly last_answer: string | null;
  readonly next_try: string | null;
}

export interface SeedsResult {
  readonly seeds: readonly SeedEntry[];
}

export interface InviteLink {
  readonly share_id: string;
  readonly title: string | null;
  readonly link: string;
}

/** What others need to find this node, and shares of it. */
export interface InviteResult {
  readonly node_key: string;
  /** Of this node, its key pinned. */
  readonly addresses: readonly string[];
  /** Of its bootstrap list, those that are not failing. */
  readonly bootstrap: readonly string[];
  /** Who can reach the best of its own addresses; `none`: nobody. */
  readonly reach: 'public' | 'private' | 'loopback' | 'none';
  readonly links: readonly InviteLink[];
}

export interface BanRow {
  /** A node key, an address or a network in CIDR form. */
  readonly target: string;
  readonly kind: 'key' | 'net';
  readonly since: string;
}

export interface BanResult {
  readonly target: string;
  readonly kind: 'key' | 'net';
  /** False: it was banned already. */
  readonly changed: boolean;
  readonly bans: readonly BanRow[];
}
