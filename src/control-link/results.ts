import type { AnnounceStatus, DhtTableRow } from '../actors/dht/contract.ts';
import type { LimitRow, QuotaRow, ScheduleRow } from '../actors/limits/contract.ts';
import type { KnownRow, SeedRow } from '../actors/pex/contract.ts';
import type { ItemState, PublishProgress, PublishResult } from '../actors/publish/contract.ts';
import type { QuicStatus } from '../actors/quic/contract.ts';
import type { SearchPage } from '../actors/search/contract.ts';
import type { BackupResult, Trust } from '../actors/store/contract.ts';
import type { ConfigReload, NodeStatus, SettingRow, TuneRow } from '../actors/supervisor/contract.ts';
import type { Disagreement, ShareSync, SyncFailure } from '../actors/sync/contract.ts';
import type {
  DownloadProgress,
  DownloadResult,
  RecheckProgress,
  RecheckResult,
  RecheckRow,
  TransferRow,
} from '../actors/transfer/contract.ts';

// What the operations answer, which is also what the commands print with --json: sizes are bytes, durations seconds, instants RFC 3339 in UTC, rates bytes a second, ids
// lower-case hex. Fields may be added within a major version, never renamed or dropped.

export interface SubscribeResult {
  readonly share_id: string;
  readonly title: string | null;
  /** Null until the first sync. */
  readonly seq: number | null;
  readonly items: number;
  /** Shares that its files are spread over; 0: it has them itself. */
  readonly volumes: number;
  readonly trust: Trust;
  readonly weight: number;
  /** Why the share is still empty; null when the first sync went well. */
  readonly error: SyncFailure | null;
}

export interface SubscriptionRow {
  readonly share_id: string;
  readonly title: string | null;
  readonly seq: number | null;
  readonly items: number;
  readonly bytes: number;
  readonly volumes: number;
  readonly trust: Trust;
  readonly weight: number;
  readonly last_sync: string | null;
  readonly last_error: SyncFailure | null;
  /** Signed heads of it that contradict each other, or the revision that is held; null: none was met. */
  readonly disagreement:
    | (Omit<Disagreement, 'since'> & {
        readonly since: string;
      })
    | null;
  /** Syncs in a row that failed. */
  readonly failures: number;
  /** Until then it is not looked for by itself, because it failed; null: the next pass does. */
  readonly next_try: string | null;
}

export interface ShareRow {
  readonly share_id: string;
  /** True for shares published here, false for subscribed ones. */
  readonly own: boolean;
  /** The operator's name for an own share. */
  readonly name: string | null;
  readonly title: string | null;
  readonly public: boolean | null;
  readonly seq: number | null;
  readonly manifest_id: string | null;
  readonly items: number;
  readonly bytes: number;
  /** Shares that its files are spread over; 0: it has them itself. */
  readonly volumes: number;
  readonly updated_at: string | null;
  /** Only of own shares. */
  readonly link: string | null;
  /** Of own shares: how their files lie there, as far as it was noticed. */
  readonly state: ItemState | null;
  /** Of own shares: the places they are published from. */
  readonly paths: readonly string[];
  /** Of own shares: published by itself when its files change. */
  readonly watch: boolean;
  readonly tags: readonly string[];
}

export interface UnshareResult {
  readonly share_id: string;
  readonly name: string;
  /** Files that are not shared any more. */
  readonly items: number;
  readonly key: 'kept' | 'forgotten';
}

export interface ItemEntry {
  readonly content_id: string;
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly chunks: number;
  /** Of own shares: how the file lies there now. Of others: `held`: this node could serve it; `remote`: it lies with others. */
  readonly state: ItemState | 'held' | 'remote';
}

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

/** A supervisor, or an actor, in the tree of them. */
export type TreeRow =
  | {
      readonly name: string;
      readonly strategy: string;
      readonly intensity: number;
      /** Seconds. */
      readonly period: number;
      /** Restarts within the last period. */
      readonly recent: number;
      readonly children: readonly TreeRow[];
    }
  | {
      readonly actor: string;
      readonly state: string;
      readonly health: 'healthy' | 'busy';
      readonly restarts: number;
      /** Calls of its own that were refused because a link was full. */
      readonly refused: number;
      readonly last_death: { readonly cause: string; readonly message: string | null } | null;
    };

export interface StatsResult {
  readonly node: {
    readonly node_id: string;
    readonly node_key: string;
    readonly version: string;
    readonly pid: number;
    readonly home: string;
    readonly addresses: readonly string[];
  };
  /** `memory`: bytes of its JavaScript heap and of the buffers that hang on it. */
  readonly actors: readonly (NodeStatus['actors'][number] & { readonly memory: number })[];
  readonly tree: TreeRow;
  readonly bytes: {
    readonly up: number;
    readonly down: number;
    readonly disk_read: number;
    readonly disk_written: number;
  };
  readonly rates: { readonly up: number; readonly down: number };
  readonly sessions: number;
  /** Of them, by what carries them. */
  readonly transports: { readonly tcp: number; readonly quic: number };
  /** The QUIC process; null: its keeper is being restarted. */
  readonly quic: QuicStatus | null;
  readonly memory: NodeStatus['memory'];
  readonly cpu: NodeStatus['cpu'];
  readonly uptime: number;
}

export interface ImportedKey {
  readonly share_id: string;
  readonly share_key: string;
  readonly name: string;
}

export interface IdResult {
  readonly node_id: string;
  readonly node_key: string;
  readonly addresses: readonly string[];
  readonly bound: readonly string[];
  readonly version: string;
}

/** What changed in the lists of shares and files since a revision. */
export interface ChangesResult {
  /** To ask with the next time. */
  readonly revision: string;
  /** The revision asked with is not known: everything is to be listed anew. */
  readonly reset: boolean;
  /** There are more changes behind this revision. */
  readonly more: boolean;
  /** Rows that changed or came. */
  readonly shares: readonly ShareRow[];
  readonly shares_gone: readonly string[];
  /** Shares of whose files too many changed to be named: to be listed anew. */
  readonly relist: readonly string[];
  readonly items: readonly (ItemEntry & { readonly share_id: string })[];
  readonly items_gone: readonly { readonly share_id: string; readonly path: string }[];
}

interface NextPage {
  /** Cursor of the next page; null: this was the last. */
  readonly next: number | null;
}

interface FollowedFrom {
  /** `changes` since it are those behind what this list shows. */
  readonly revision: string;
}

export interface TransferEntry extends Omit<TransferRow, 'added'> {
  readonly added: string;
}

export interface TransferList {
  readonly transfers: readonly TransferEntry[];
}

export interface LimitsResult {
  readonly limits: readonly LimitRow[];
  readonly quotas: readonly (Omit<QuotaRow, 'until'> & { readonly until: string })[];
  readonly schedule: readonly ScheduleRow[];
}

export interface RecheckEntry extends Omit<RecheckRow, 'started' | 'ended'> {
  readonly started: string;
  readonly ended: string | null;
}

export interface RecheckList {
  readonly rechecks: readonly RecheckEntry[];
}

export interface Results {
  readonly publish: PublishResult;
  readonly unshare: UnshareResult;
  readonly subscribe: SubscribeResult;
  readonly unsubscribe: { readonly share_id: string };
  readonly subs: { readonly subscriptions: readonly SubscriptionRow[] } & NextPage & FollowedFrom;
  readonly sync: { readonly shares: readonly ShareSync[] };
  readonly search: SearchPage;
  readonly shares: { readonly shares: readonly ShareRow[] } & NextPage & FollowedFrom;
  readonly items: { readonly items: readonly ItemEntry[] } & NextPage & FollowedFrom;
  readonly get: DownloadResult;
  readonly backup: BackupResult;
  readonly exportKey: { readonly sealed: Uint8Array };
  readonly importKey: ImportedKey;
  readonly add: TransferList;
  readonly queue: TransferList & NextPage;
  readonly pause: TransferList;
  readonly resume: TransferList;
  readonly cancel_transfers: TransferList;
  readonly verify: RecheckResult;
  readonly rechecks: RecheckList;
  readonly cancel_rechecks: RecheckList;
  readonly peers: { readonly peers: readonly PeerRow[] } & NextPage;
  readonly known_peers: { readonly peers: readonly KnownPeerRow[] } & NextPage;
  readonly seeds: SeedsResult;
  readonly add_seed: SeedsResult;
  readonly remove_seed: SeedsResult;
  readonly invite: InviteResult;
  readonly bans: { readonly bans: readonly BanRow[] };
  readonly ban: BanResult;
  readonly changes: ChangesResult;
  readonly dht: DhtResult;
  readonly connect: { readonly peers: readonly PeerRow[] };
  readonly id: IdResult;
  readonly stats: StatsResult;
  /** The stop has begun; how it went is in `run/last-stop.json` once the process is gone. */
  readonly stop: { readonly pid: number };
  readonly limits: LimitsResult;
  readonly set_limits: LimitsResult;
  readonly tuning: { readonly settings: readonly TuneRow[] };
  readonly tune: { readonly settings: readonly TuneRow[] };
  readonly settings: { readonly values: readonly SettingRow[] };
  readonly reload: ConfigReload;
}

/** Items of the streaming operations. */
export interface Events {
  readonly publish: { readonly event: 'progress' } & PublishProgress;
  readonly get: { readonly event: 'progress' } & DownloadProgress;
  readonly verify: { readonly event: 'progress' } & RecheckProgress;
  /** None: it only takes as long as it takes. */
  readonly backup: never;
}
