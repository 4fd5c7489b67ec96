import type { HeldFile, Hex } from './content-types.ts';

// What store and transfer say to each other about the checking of files on this disk.

/** Everything up to this file was looked at. Own files come first, by the row of their share; then all others: null. */
export interface RecheckPlace {
  readonly place: number | null;
  readonly path: string;
}

/** A file that this node holds, as a recheck sees it. */
export interface HeldEntry extends HeldFile, RecheckPlace {
  /** Of an own file: its share, or the collection it is in. */
  readonly shareId: Hex | null;
  readonly epoch: number;
  /** Not served: it was not as it should be when it was looked at last. */
  readonly gone: boolean;
  /** It looked as it should, and was not what it was. */
  readonly damaged: boolean;
}

/** `next`: behind which the next ones are; null: that was all. */
export interface HeldPage {
  readonly entries: readonly HeldEntry[];
  readonly next: RecheckPlace | null;
}

/** What a recheck saw of one file, at the epoch at which it began. */
export interface FileVerdict extends RecheckPlace {
  readonly contentId: Hex;
  readonly epoch: number;
  /** How the file looks whose octets are right; null: they are not. */
  readonly right: { readonly mtimeNs: bigint; readonly ctimeNs: bigint; readonly inode: bigint } | null;
  /** Wrong, although it may look as it did: its look alone does not bring it back. */
  readonly damaged: boolean;
}

export interface RecheckTotals {
  readonly items: number;
  readonly chunks: number;
  readonly bytes: number;
}

/** A recheck as the ledger keeps it: the last one of each share, and of everything. One that is `running` is gone on with by the next start. */
export interface StoredRecheck {
  /** Null: everything. */
  readonly shareId: Hex | null;
  readonly state: 'running' | 'paused' | 'done';
  /** What is wrong of downloads is to be fetched again. */
  readonly repair: boolean;
  /** Downloads that are not there any more are not to be asked for again. */
  readonly forget: boolean;
  /** Unix seconds. */
  readonly started: number;
  readonly ended: number | null;
  /** Of work, over all its runs. */
  readonly seconds: number;
  /** What there was when it began, and what of it was read and compared. */
  readonly totals: RecheckTotals;
  readonly done: RecheckTotals;
  /** Octets of the files that were looked at, be they there or not. */
  readonly passed: number;
  /** Everything was looked at; what is left is the repair. */
  readonly looked: boolean;
  readonly after: RecheckPlace | null;
  /** How far the file behind `after` is, as long as it looks so. `bad`: a map of chunks. */
  readonly part: {
    readonly path: string;
    readonly chunk: number;
    readonly mtimeNs: bigint;
    readonly inode: bigint;
    readonly bad: Uint8Array;
  } | null;
  /** Chunks that are not right (a file that cannot be read at all counts one), and how many of them were mended. */
  readonly bad: number;
  readonly repaired: number;
}

/**
 * `damaged`: other octets than it should have, though it looks as it did, or it is a download; `changed`: an own file with
 * other octets that was changed since; `short`, `long`: another length than it should have; `missing`: not there;
 * `offline`: nothing of the place it lies in is there; `unreadable`: the disk or its permissions do not give it;
 * `busy`: it is being written.
 */
export type WrongState =
  | 'damaged'
  | 'changed'
  | 'short'
  | 'long'
  | 'missing'
  | 'offline'
  | 'unreadable'
  | 'busy';

/** A file that a recheck found not to be as it should. */
export interface WrongFile {
  readonly path: string;
  readonly contentId: Hex;
  readonly own: boolean;
  readonly adopted: boolean;
  readonly state: WrongState;
  readonly size: number;
  /** Octets that lie there; null: nothing does. */
  readonly found: number | null;
  readonly chunkListHash: Hex;
  /** Its chunks that are not right (`ChunkMap`); null: that is not known, or all of it. */
  readonly bad: Uint8Array | null;
  /** Of its bad chunks. */
  readonly repaired: number;
  /** Why it could not be read, or not be mended. */
  readonly reason: string | null;
}
