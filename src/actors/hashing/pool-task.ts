import type { ErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { PartHashes } from './check-part.ts';
import type { FilePart } from './contract.ts';

/**
 * What actor and pool threads say to each other. Tasks are small, so that every job gets its turn and a cancelled one
 * is over at once: nobody has to kill a thread to stop it.
 */

/** Octets a task reads at most, for each hash it makes of them. */
export const SPAN = 16 << 20;

/** How a file looks. A file that looks the same before and after was not changed in between. */
export interface FileLook {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
  readonly device: bigint;
}

export type PoolTask =
  /** Which hash runs here? */
  | { readonly kind: 'hello' }
  /**
   * Small files are hashed, with their chunks if `chunks` says so; larger ones are only looked at. Stops after about
   * a span.
   */
  | { readonly kind: 'scan'; readonly paths: readonly string[]; readonly chunks: boolean }
  /**
   * The next span of a whole-file hash, which lives on the thread between the tasks, and with `chunks` the hashes
   * of that span's chunks.
   */
  | {
      readonly kind: 'whole';
      readonly hash: number;
      readonly path: string;
      readonly look: FileLook;
      readonly span: number;
      readonly chunks: boolean;
    }
  /** Chunk hashes of one span. */
  | { readonly kind: 'chunks'; readonly path: string; readonly look: FileLook; readonly span: number }
  /** Chunk hashes of parts of files, whatever the files look like now. */
  | { readonly kind: 'check'; readonly parts: readonly FilePart[] }
  /** The whole-file hash will not be continued. */
  | { readonly kind: 'drop'; readonly hash: number };

export type ScanOutcome =
  | {
      readonly kind: 'hashed';
      readonly look: FileLook;
      readonly contentId: string;
      /** Chunk hashes; empty if not asked for. */
      readonly hashes: Uint8Array;
      readonly chunkListHash: string;
    }
  | { readonly kind: 'large'; readonly look: FileLook }
  | { readonly kind: 'failed'; readonly error: ErrorRecord };

export type PartOutcome =
  | ({ readonly kind: 'checked'; readonly look: FileLook } & PartHashes)
  | { readonly kind: 'failed'; readonly error: ErrorRecord };

export interface SpanOutcome {
  /** Chunk hashes of the span, if asked for. */
  readonly hashes: Uint8Array | null;
  /** With the last span of a whole-file hash. */
  readonly contentId: string | null;
}

export type PoolResult =
  | { readonly kind: 'hello'; readonly implementation: 'native' | 'noble' }
  /** Of the first paths of the task; the others were not looked at. */
  | { readonly kind: 'scan'; readonly outcomes: readonly ScanOutcome[] }
  | ({ readonly kind: 'span' } & SpanOutcome)
  /** Of every part of the task. */
  | { readonly kind: 'check'; readonly outcomes: readonly PartOutcome[] }
  | { readonly kind: 'failed'; readonly error: ErrorRecord }
  /** The thread does not hold the whole-file hash: it is another one than the thread that began it. */
  | { readonly kind: 'unknown-hash' }
  | { readonly kind: 'dropped' };

/** Spans of a file of this size. */
export const spansOf = (size: number): number => Math.ceil(size / SPAN);
