import type { ErrorRecord } from '../supervisor/contract/actor-error.ts';
import type { Hex } from './content-types.ts';

// Downloads and their files, as the ledger of the store keeps them.

/** What is asked of a transfer beside target and folder. */
export interface TransferOptions {
  /** Only files whose path matches one of these. */
  readonly only?: readonly string[] | undefined;
  /** Absolute path of a folder where files of it may lie already. */
  readonly adopt?: string | undefined;
  /** The operator's category it belongs to. */
  readonly category?: string | undefined;
  /** Its chunks come in order. */
  readonly sequential?: boolean | undefined;
}

/** A download as the ledger keeps it. One that is under way is `queued`: the next start goes on with it. */
export interface StoredTransfer {
  readonly id: string;
  readonly target: string;
  /** Absolute. */
  readonly directory: string;
  readonly options: TransferOptions;
  readonly state: 'queued' | 'paused' | 'done' | 'failed';
  readonly priority: number;
  /** Unix seconds. */
  readonly added: number;
  readonly error: ErrorRecord | null;
  /** It is known which files it has. */
  readonly planned: boolean;
  readonly shareIds: readonly Hex[];
  /** Folders made for it below its own, outer ones first. */
  readonly folders: readonly string[];
  /** Of a single file; else null. */
  readonly contentId: Hex | null;
  /** Where the single file, or all of them, go; null: not known yet. */
  readonly path: string | null;
  readonly files: number;
  readonly filesTotal: number;
  readonly bytes: number;
  readonly bytesTotal: number;
}

/** How an unfinished file looked when its map of chunks was written down. */
export interface UnfinishedLook {
  readonly length: number;
  readonly mtimeNs: bigint;
  readonly inode: bigint;
}

/** What changes of a file while it comes. */
export interface FileProgress {
  readonly position: number;
  /** Where it goes below the folder of the transfer, name by name. */
  readonly place: readonly string[];
  readonly state: 'missing' | 'done';
  /** Chunks on the disk, as `ChunkMap` has them; null: none, or not known. */
  readonly have: Uint8Array | null;
  readonly look: UnfinishedLook | null;
}

export interface StoredFile extends FileProgress {
  readonly contentId: Hex;
  readonly size: number;
  readonly chunkListHash: Hex;
  /** Where the share wants it. */
  readonly path: readonly string[];
}
