import type { ErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { ask, configOf, defineContract, stream } from '../../supervisor/contract/contract.ts';
import type { WrongState } from '../recheck-types.ts';
import type { LiveTransferConfig, TransferConfig } from './config.ts';

/**
 * `queued`: its turn is to come. `active`: under way. `paused`: somebody stopped it, or left it; with the error
 * `E_NO_SPACE`, the disk is full: it goes on by itself when there is room. `done`: every file lies
 * there. `failed`: see its error; one that may pass is tried again.
 */
export type TransferState = 'queued' | 'active' | 'paused' | 'done' | 'failed';

/** Field names are those of the command's result. */
export interface TransferRow {
  readonly id: string;
  /** Of a single file; null for several, and while it is not known. */
  readonly content_id: string | null;
  /** Where the single file, or all of them, go. */
  readonly path: string;
  readonly state: TransferState;
  readonly bytes: number;
  /** 0 until it is known which files it has. */
  readonly bytes_total: number;
  readonly rate: number;
  readonly peers: number;
  readonly error: ErrorRecord | null;
  readonly target: string;
  readonly directory: string;
  readonly files: number;
  readonly files_total: number;
  readonly eta: number | null;
  /** Higher ones come first. */
  readonly priority: number;
  /** Unix seconds. */
  readonly added: number;
  readonly category: string | null;
  /** Its chunks come in order, for whoever reads while they come. */
  readonly sequential: boolean;
}

/** Which transfers: these ids, or beginnings of them that no other one has; null: all of them. */
export interface TransferChoice {
  readonly ids: readonly string[] | null;
}

export interface DownloadRequest {
  /** A content id, a share id, or SHARE/PATH: one file, the whole share, or the last part of PATH with what is below. */
  readonly target: string;
  /**
   * Absolute path of the folder the files go to. Made when absent; existing files in it are never overwritten. Without
   * it, that of the category.
   */
  readonly directory?: string | undefined;
  readonly priority?: number | undefined;
  /** Only files whose path, or last name, matches one of these (`*`, `**`, `?`). */
  readonly only?: readonly string[] | undefined;
  /** Absolute path of a folder: what lies there with the right content is served from there, never copied. */
  readonly adopt?: string | undefined;
  /** One of those in the settings. */
  readonly category?: string | undefined;
  /** In order from the first chunk, none far ahead of the first that is missing. Absent: as it was; else not. */
  readonly sequential?: boolean | undefined;
}

/** Field names are those of the command's result. */
export interface DownloadResult {
  readonly files: readonly {
    readonly content_id: string;
    /** Where the file lies now, absolute. Mode 0600. */
    readonly path: string;
    readonly bytes: number;
    /** Bytes that were already there. */
    readonly resumed_bytes: number;
  }[];
  readonly bytes: number;
  readonly seconds: number;
  /** Bytes a second over the whole download. */
  readonly rate: number;
  readonly providers: readonly string[];
  /** Where the time went, in seconds; the parts overlap. */
  readonly spent: {
    readonly plan: number;
    readonly fetch: number;
    readonly verify: number;
    readonly write: number;
    readonly identify: number;
    readonly finish: number;
  };
}

export interface DownloadProgress {
  /** `waiting`: for room on the disk; it goes on by itself. */
  readonly phase: 'queued' | 'waiting' | 'plan' | 'fetch' | 'finish';
  readonly files: number;
  readonly files_total: number;
  readonly bytes: number;
  readonly bytes_total: number;
  readonly rate: number;
  readonly eta: number | null;
  readonly peers: number;
}

export type DownloadEvent =
  | { readonly kind: 'progress'; readonly progress: DownloadProgress }
  | { readonly kind: 'done'; readonly result: DownloadResult };

export interface RecheckRequest {
  /** Null: everything this node holds. */
  readonly shareId: string | null;
  /** Chunks of downloads that are wrong are fetched again. Files that are not there are not. */
  readonly repair: boolean;
  /** Downloads that are not there any more are not asked for again. */
  readonly forget: boolean;
}

/** A chunk that is not right. Field names are those of the command's result. */
export interface BadChunk {
  readonly path: string;
  readonly content_id: string;
  /** A file that cannot be read at all is wrong from chunk 0 on; one that is too long, behind its last chunk. */
  readonly chunk: number;
  readonly offset: number;
  readonly state: WrongState;
  readonly repaired: boolean;
}

export interface WrongEntry {
  readonly path: string;
  readonly content_id: string;
  /** A file of an own share: it is never written to. */
  readonly own: boolean;
  /** The operator's own file, found here by `get --adopt`: neither is this. */
  readonly adopted: boolean;
  readonly state: WrongState;
  readonly size: number;
  /** Octets that lie there; null: nothing. */
  readonly found: number | null;
  readonly bad_chunks: number;
  readonly repaired: boolean;
  readonly reason: string | null;
}

/** Field names are those of the command's result. */
export interface RecheckResult {
  readonly share_id: string | null;
  /** Files that were looked at; chunks and octets of them that were read and compared. */
  readonly items: number;
  readonly chunks: number;
  readonly bytes: number;
  /** The first 10,000 of them; in a list of rechecks 1,000, and of the files 100. */
  readonly bad: readonly BadChunk[];
  readonly bad_total: number;
  /** Of the bad chunks. */
  readonly repaired: number;
  /** Of work, over all runs. */
  readonly seconds: number;
  /** Octets that earlier runs had compared before this one went on. */
  readonly resumed_bytes: number;
  /** The first 1,000 files that are not as they should be, downloads first; also those that could not be looked at. */
  readonly files: readonly WrongEntry[];
}

export interface RecheckProgress {
  readonly phase: 'check' | 'repair';
  readonly files: number;
  readonly files_total: number;
  readonly bytes: number;
  readonly bytes_total: number;
  readonly rate: number;
  readonly eta: number | null;
  readonly bad: number;
  readonly repaired: number;
}

/** A recheck under way, or the last one of a share or of everything. */
export interface RecheckRow {
  readonly share_id: string | null;
  readonly state: 'running' | 'paused' | 'done';
  readonly repair: boolean;
  /** Unix seconds. */
  readonly started: number;
  readonly ended: number | null;
  readonly progress: RecheckProgress;
  /** So far, where it is not done. */
  readonly result: RecheckResult;
}

export type RecheckEvent =
  | { readonly kind: 'progress'; readonly progress: RecheckProgress }
  | { readonly kind: 'done'; readonly result: RecheckResult };

export const transferContract = defineContract({
  name: 'transfer',
  uses: ['store', 'transport', 'hashing', 'dht'],
  config: configOf<TransferConfig>(),
  startMs: 60_000,
  shutdownMs: 15_000,
  metrics: [
    'downloads',
    'files_completed',
    'bytes_completed',
    'rechecks',
    'bytes_rechecked',
    'chunks_bad',
    'chunks_repaired',
  ],
  messages: {
    /**
     * Adds a transfer, or takes up the one of the same target and directory, and follows it to its end. Leaving the
     * stream pauses it, unless others follow it or it was added otherwise. Rejects with why it failed: `E_NOT_FOUND`,
     * `E_NO_PROVIDER`, `E_NO_SPACE`, `E_PATH_INVALID`, or why the first of the missing files could not be had; with
     * `E_ABORTED` when somebody paused or cancelled it.
     */
    download: stream<DownloadRequest, DownloadEvent>(),
    /** The same without following: the node sees to it, and tries again what fails for reasons that may pass. */
    add: ask<DownloadRequest, TransferRow>(),
    /** All transfers, in the order in which their turn comes or came. */
    queue: ask<null, readonly TransferRow[]>(),
    /** These answer with the transfers they mean as they are then. `E_NOT_FOUND` for an id that is none. */
    pause: ask<TransferChoice, readonly TransferRow[]>({ deadlineMs: 60_000 }),
    /** Also what failed: its next attempt begins at once. */
    resume: ask<TransferChoice & { readonly priority?: number | undefined }, readonly TransferRow[]>(),
    /** Takes another configuration over; what is under way goes on. */
    configure: ask<LiveTransferConfig, null>(),
    /** Takes them out of the queue; what came of unfinished files is removed, finished files stay. */
    cancel: ask<TransferChoice, readonly TransferRow[]>({ deadlineMs: 60_000 }),
    /**
     * Reads what this node holds, in the background, and compares it with what was signed; takes up the recheck of the same
     * files that is not done, else begins one. What is right is served, what is not is not. Leaving the stream pauses it,
     * unless others follow it. `E_NOT_FOUND` for a share that is not known, `E_ABORTED` when somebody cancelled it.
     */
    recheck: stream<RecheckRequest, RecheckEvent>(),
    /** Those that are not done, and the last one that is, of each share and of everything. */
    rechecks: ask<null, readonly RecheckRow[]>({ deadlineMs: 30_000 }),
    /** Drops the one that is not done: of that share, or, without one, all. What was found wrong stays unserved. */
    cancelRechecks: ask<{ shareId: string | null }, readonly RecheckRow[]>({ deadlineMs: 60_000 }),
  },
});
