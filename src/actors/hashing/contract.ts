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

/** Octets of a file: whole chunks from `from` on, at most 16 MiB. What lies beyond the file's end is not there. */
export interface FilePart {
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

/** What a part of a file holds, and how the file looked before and after it was read. */
export interface CheckedPart {
  readonly index: number;
  /** Of the file. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  /** 32 octets a chunk, as far as there is file. */
  readonly hashes: Uint8Array;
  /** Chunks of the part that the disk did not give; their hashes are zeros. */
  readonly unreadable: readonly number[];
}

export type CheckEvent =
  | { readonly kind: 'checked'; readonly parts: readonly CheckedPart[] }
  /** As with `hashFiles`. */
  | { readonly kind: 'failed'; readonly index: number; readonly error: ErrorRecord };

export const hashingContract = defineContract({
  name: 'hashing',
  // It makes little garbage: what V8 sets aside for more (DECISIONS, D73) would be most of its memory.
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  config: configOf<HashingConfig>(),
  mailbox: 256,
  startMs: 30_000,
  metrics: ['bytes_hashed', 'bytes_checked', 'files_hashed', 'pool_restarts'],
  messages: {
    /** Content id and chunk hashes of each file; `index` is the place in `paths`. Any order. */
    hashFiles: stream<{ paths: readonly string[] }, HashEvent>({ window: 64 }),
    /** Whole-file hash alone: does what was downloaded have the id it was asked for by? */
    identify: ask<{ path: string }, { contentId: string; size: number }>({
      deadlineMs: Number.POSITIVE_INFINITY,
    }),
    /** Takes another number of threads over; those not wanted any more end with the files they have begun. */
    configure: ask<HashingConfig, null>(),
    /**
     * Chunk hashes of parts of files, in the background: threads come to it when no other message has work for them, and to
     * one such request after the other. `gentle`: on one thread at a time. `index` is the place in `parts`. Any order.
     */
    checkParts: stream<{ parts: readonly FilePart[]; gentle: boolean }, CheckEvent>({ window: 64 }),
    info: ask<null, { threads: number; implementation: 'native' | 'noble' }>(),
  },
});
