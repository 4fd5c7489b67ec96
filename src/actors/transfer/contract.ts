import { z } from 'zod';
import { defineContract, stream } from '../../supervisor/contract/contract.ts';

export const transferConfig = z.strictObject({});

export interface DownloadRequest {
  /** A content id, a share id, or SHARE/PATH: one file, the whole share, or the last part of PATH with what is below. */
  readonly target: string;
  /** Absolute path of the folder the files go to. Made when absent; existing files in it are never overwritten. */
  readonly directory: string;
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
  readonly phase: 'plan' | 'fetch' | 'finish';
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
  config: transferConfig,
  metrics: ['downloads', 'files_completed', 'bytes_completed'],
  messages: {
    /**
     * Downloads from one provider after the other, verified chunk by chunk and file by file. Leaving the stream cancels:
     * finished files stay, unfinished ones are removed. Rejects with `E_NOT_FOUND`, `E_NO_PROVIDER`, `E_NO_SPACE`,
     * `E_PATH_INVALID`, or why the first of the missing files could not be had.
     */
    download: stream<DownloadRequest, DownloadEvent>(),
  },
});
