import { ask, configOf, defineContract, tell } from '../../supervisor/contract/contract.ts';
import type { PeerLost, PeerMet } from '../peer-met.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { DhtConfig } from './config.ts';

/** A node of the network as lookups find it. */
export interface DhtNode {
  readonly nodeKey: string;
  readonly nodeId: string;
  /** `tcp://ip:port` */
  readonly address: string;
  readonly native: boolean;
  /** Version and number of capability keys, as in `2/8`. */
  readonly dialect: string;
}

/** One node of the routing table. */
export interface DhtTableRow extends DhtNode {
  /** Leading bits its id has in common with ours. */
  readonly bucket: number;
  /** Unix seconds of its last answer. */
  readonly seen: number;
  /** Requests in a row that it left unanswered. */
  readonly failures: number;
}

export interface DhtStatus {
  /** Nodes in the routing table, and buckets that have any. */
  readonly nodes: number;
  readonly buckets: number;
  /** Of others, kept here. */
  readonly values: number;
  readonly valueBytes: number;
  /** Share heads among them whose signature is known to be right, and those it is not known of. */
  readonly headsChecked: number;
  readonly headsUnchecked: number;
  readonly lookups: number;
  readonly lookupsRunning: number;
  readonly requests: number;
  readonly requestsFailed: number;
  readonly storesTaken: number;
  readonly storesRefused: number;
  /** Own values, and how many nodes took the last of each. */
  readonly published: number;
  readonly replicas: number;
  readonly announce: AnnounceStatus;
}

/** How far this node is with telling others which contents it has. */
export interface AnnounceStatus {
  /** `off`: by its settings; `unreachable`: it has no address to tell; `alone`: it knows nobody to tell it; `starting`: it looks through what it has. */
  readonly state: 'on' | 'off' | 'unreachable' | 'alone' | 'starting';
  readonly items: number;
  /** Of them: told within the life of what was told. */
  readonly announced: number;
  /** To be told now; of those: later than their time. */
  readonly due: number;
  readonly backlog: number;
  /** Not told, because neither receivers nor the rate have room for all. */
  readonly unreached: number;
  /** Unix seconds when the next ones are due. */
  readonly next: number | null;
  /** Values given in a second, over the last ten minutes. */
  readonly perSecond: number;
  /** Values given, and lookups for them, in this life. */
  readonly stores: number;
  readonly lookups: number;
}

export const dhtContract = defineContract({
  name: 'dht',
  // It makes little garbage: what V8 sets aside for more (DECISIONS, D73) would be most of its memory.
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  uses: ['store', 'transport', 'acceptor'],
  config: configOf<DhtConfig>(),
  mailbox: 4096,
  metrics: [
    'nodes',
    'values',
    'value_bytes',
    'lookups',
    'requests',
    'requests_failed',
    'stores_taken',
    'stores_refused',
    'heads_checked',
    'heads_refused',
    'announce_items',
    'announce_stores',
    'announce_backlog',
  ],
  messages: {
    /** A handshake is finished. */
    met: tell<PeerMet>(),
    /** A dial failed. */
    lost: tell<PeerLost>(),
    /** Addresses that a peer told of, `tcp://ip:port[@key]`; judged here, and in the table once they answered. */
    learnt: tell<{ addresses: readonly string[]; from: string }>(),
    /** The nodes nearest to 20 octets that answered, nearest first, 20 at most. */
    findNode: ask<{ target: string }, { nodes: readonly DhtNode[] }>({ deadlineMs: 60_000 }),
    /** A value under a key of 32 octets that the network takes there; whose word it is, is the caller's to judge. */
    findValue: ask<{ key: string }, { value: Uint8Array | null; source: DhtNode | null }>({
      deadlineMs: 60_000,
    }),
    /**
     * The newest head of a share that is signed by its key, and the addresses (`tcp://ip:port@key`) of those who have
     * it, nearest first.
     */
    lookUpHead: ask<{ shareKey: string }, { head: Uint8Array | null; sources: readonly string[] }>({
      deadlineMs: 60_000,
    }),
    /** Addresses of those who say that they have a content, or, of a manifest id, the share. Nobody vouches for them. */
    findProviders: ask<{ contentId: string }, { providers: readonly string[] }>({ deadlineMs: 60_000 }),
    /** Gives a value to the nodes nearest to its key. How many took it. `E_USAGE` for what no node would take. */
    store: ask<
      { key: string; value: Uint8Array; ttlSeconds: number },
      { stored: number; refused: number; failed: number }
    >({ deadlineMs: 120_000 }),
    /** An own share has a new revision: what is due is given to the nodes nearest to it, in the background. */
    published: tell<{ shareId: string }>({ overflow: 'latest' }),
    status: ask<null, DhtStatus>(),
    table: ask<null, readonly DhtTableRow[]>(),
    /** Works with this configuration from here on. */
    configure: ask<DhtConfig, null>(),
    /** Answers 200, 201 and 202. */
    wire: ask<WireRequest, WireReply>(),
  },
});
