import type { PublishProgress, PublishResult } from '../actors/publish/contract.ts';
import type { SearchPage } from '../actors/search/contract.ts';
import type { BackupResult } from '../actors/store/contract.ts';
import type { ConfigReload, SettingRow, TuneRow } from '../actors/supervisor/contract.ts';
import type { ShareSync } from '../actors/sync/contract.ts';
import type {
  DownloadProgress,
  DownloadResult,
  RecheckProgress,
  RecheckResult,
} from '../actors/transfer/contract.ts';
import type { DhtResult } from './results/dht.ts';
import type { IdResult, ImportedKey, LimitsResult, StatsResult } from './results/node.ts';
import type { FollowedFrom, NextPage } from './results/pages.ts';
import type { BanResult, BanRow, InviteResult, KnownPeerRow, PeerRow, SeedsResult } from './results/peers.ts';
import type {
  ChangesResult,
  ItemEntry,
  ShareRow,
  SubscribeResult,
  SubscriptionRow,
  UnshareResult,
} from './results/shares.ts';
import type { RecheckList, TransferList } from './results/transfers.ts';

export type * from './results/dht.ts';
export type * from './results/node.ts';
export type * from './results/peers.ts';
export type * from './results/shares.ts';
export type * from './results/transfers.ts';

// What the operations answer, which is also what the commands print with --json: sizes are bytes, durations seconds, instants RFC 3339 in UTC, rates bytes a second, ids
// lower-case hex. Fields may be added within a major version, never renamed or dropped.

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
