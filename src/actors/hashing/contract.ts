import type { ErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { ask, configOf, defineContract, stream } from '../../supervisor/contract/contract.ts';
import type { HashingConfig } from './config.ts';

/** A file as it was hashed. Times and inode let a later publish skip it. */
export interface HashedFile {
  readonly index: number;
  readonly contentId: string;
  readonly size: number;
  /** 32 bytes a chunk. */
  readonly hashes: Uint8Array;
  readonly chunkListHash: string;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

export type HashEvent =
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'files'; readonly files: readonly HashedFile[] }
  /** Not hashed: gone, unreadable, or changed while it was read (`E_FILE_CHANGED`). */
  | { readonly kind: 'failed'; readonly index: number; readonly error: ErrorRecord };

export const hashingContract = defineContract({
  name: 'hashing',
  config: configOf<HashingConfig>(),
  mailbox: 256,
  startMs: 30_000,
  metrics: ['bytes_hashed', 'files_hashed', 'pool_restarts'],
  messages: {
    /** Content id and chunk hashes of each file; `index` is the place in `paths`. Any order. */
    hashFiles: stream<{ paths: readonly string[] }, HashEvent>({ window: 64 }),
    /** Whole-file hash alone: does what was downloaded have the id it was asked for by? */
    identify: ask<{ path: string }, { contentId: string; size: number }>({
      deadlineMs: Number.POSITIVE_INFINITY,
    }),
    /** Takes another number of threads over; those not wanted any more end with the files they have begun. */
    configure: ask<HashingConfig, null>(),
    info: ask<null, { threads: number; implementation: 'native' | 'noble' }>(),
  },
});
