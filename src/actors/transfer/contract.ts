import type { ErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { ask, configOf, defineContract, stream } from '../../supervisor/contract/contract.ts';
import type { TransferConfig } from './config.ts';

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

export const transferContract = defineContract({
  name: 'transfer',
  uses: ['store', 'transport', 'hashing'],
  config: configOf<TransferConfig>(),
  startMs: 60_000,
  shutdownMs: 15_000,
  metrics: ['downloads', 'files_completed', 'bytes_completed'],
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
    configure: ask<TransferConfig, null>(),
    /** Takes them out of the queue; what came of unfinished files is removed, finished files stay. */
    cancel: ask<TransferChoice, readonly TransferRow[]>({ deadlineMs: 60_000 }),
  },
});
