import type { RecheckPlace } from './recheck-types.ts';

// Contents, where they lie on this disk, and what is known of the files: what the store and those who serve, hash and fetch say
// to each other.

/** All ids in actor messages are lower-case hex; times are unix seconds; sizes are bytes. */
export type Hex = string;

/** Where a content lies on this disk, and how the file looked when it was hashed. */
export interface ContentSource {
  readonly contentId: Hex;
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

/** A file of somebody else's share that lies on this disk. */
export interface HeldFile extends ContentSource {
  readonly chunkCount: number;
  readonly chunkListHash: Hex;
  /** It lay here before: it is the operator's, and never written to. */
  readonly adopted: boolean;
}

/** A content source as a shard may use it until told otherwise. */
export interface Lease extends ContentSource {
  /** Rises with every change of the source; a lease of an older epoch is void. */
  readonly epoch: number;
}

/** A lease for whoever serves the content. */
export interface ServedLease extends Lease {
  /** Shares that list the content, own ones and subscribed ones: it is under the caps of all of them. */
  readonly shareIds: readonly Hex[];
}

/** Where a file of an own share lies, and what is known of it. */
export interface ShareSource extends ContentSource {
  /** The file's path in the share; null for one that was published before this was kept. */
  readonly inside: string | null;
  readonly chunkCount: number;
  readonly chunkListHash: Hex;
  /** False when its hash list was lost: only hashing the file again brings it back. */
  readonly hashed: boolean;
}

/** A file that was just hashed. */
export interface HashedSource extends ContentSource {
  readonly chunkListHash: Hex;
  /** 32 octets a chunk. */
  readonly hashes: Uint8Array;
}

/** A source, and whether a recheck found other octets in it though it looked as it did. */
export interface JudgedSource extends ContentSource {
  readonly damaged: boolean;
}

/** A source, or a download (then share and place are null), that was not what it should be when it was needed last. */
export interface GoneSource extends JudgedSource, RecheckPlace {
  readonly shareId: Hex | null;
  readonly epoch: number;
}
