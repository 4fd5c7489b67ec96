import { ask, configOf, defineContract, stream } from '../../supervisor/contract/contract.ts';
import type { JudgedSource } from '../content-types.ts';
import type { ShareRoot } from '../share-types.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { PublishConfig } from './config.ts';

export interface PublishRequest {
  /** Absolute paths of files and folders; empty: where the share named was published from before. */
  readonly paths: readonly string[];
  /** Null: as the share has it; empty: none. */
  readonly title: string | null;
  /** Null: as the share has it; a new one is private. */
  readonly public: boolean | null;
  /** On every item. Null: as the share has them. */
  readonly tags: readonly string[] | null;
  /** The operator's name for the share; null: made from the first path. */
  readonly share: string | null;
  /** Publish it by itself from here on when its files change. Null: as the share has it. */
  readonly watch: boolean | null;
}

/**
 * `ok`: it lies there as it was published; `stale`: it was changed since; `missing`: it is not there; `offline`: nothing
 * of the place it was published from is there, so its disk is not mounted; `damaged`: it looks as it was published, and a
 * recheck found other octets in it.
 */
export type ItemState = 'ok' | 'stale' | 'missing' | 'offline' | 'damaged';

export interface ShareState {
  readonly shareId: string;
  /** Of what was noticed so far: a file is looked at when it is asked for. `offline`: one of its places is. */
  readonly state: ItemState;
}

/** Field names are those of the command's result: one vocabulary everywhere. */
export interface PublishResult {
  readonly share_id: string;
  readonly share_key: string;
  readonly name: string;
  readonly link: string;
  readonly seq: number;
  readonly manifest_id: string;
  readonly title: string | null;
  readonly public: boolean;
  readonly tags: readonly string[];
  readonly watch: boolean;
  readonly items: number;
  /** Shares that the files are spread over because one does not carry them; 0: one does. */
  readonly volumes: number;
  /** Manifests that were signed: 0 when nothing changed. */
  readonly revisions: number;
  readonly bytes: number;
  readonly hashed_bytes: number;
  /** Places that are not there now: their files stay in the share. */
  readonly offline: readonly string[];
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** What is published, and not every node of the network can get or pass on. */
  readonly limited: readonly { readonly path: string; readonly reason: string }[];
  readonly seconds: number;
  /** Where the time went, in seconds. */
  readonly spent: { readonly walk: number; readonly hash: number; readonly commit: number };
}

export interface PublishProgress {
  readonly phase: 'walk' | 'hash' | 'commit';
  readonly files: number;
  readonly files_total: number;
  readonly bytes: number;
  readonly bytes_total: number;
  readonly rate: number;
  readonly eta: number | null;
}

export type PublishEvent =
  | { readonly kind: 'progress'; readonly progress: PublishProgress }
  | { readonly kind: 'done'; readonly result: PublishResult };

export const publishContract = defineContract({
  name: 'publish',
  uses: ['store', 'hashing', 'acceptor', 'sync', 'dht'],
  config: configOf<PublishConfig>(),
  metrics: ['files_published', 'shares_published', 'watched_shares', 'watch_revisions'],
  messages: {
    publish: stream<PublishRequest, PublishEvent>(),
    /** Takes a share back. Its key is kept, unless it is to be forgotten: then nobody ever publishes it again. */
    unshare: ask<{ shareId: string; forgetKey: boolean }, { name: string; items: number }>(),
    /** How files of an own share look on the disk now; null: nothing is known of where it lies. `roots`: of the share. At most 1000. */
    itemStates: ask<
      { roots: readonly ShareRoot[]; sources: readonly (JudgedSource | null)[] },
      readonly ItemState[]
    >(),
    shareStates: ask<null, readonly ShareState[]>(),
    /** Answers 402, 404, 406 and, in dialect 2, 410 to 417: this node has joined no community. */
    wire: ask<WireRequest, WireReply>(),
  },
});
