import { toHex } from '../../protocol/crypto/bytes.ts';
import type { ContentSource } from '../content-types.ts';
import type { Database } from './database.ts';

/** A file and how it looked, as every table that names files on this disk keeps it. */
export interface ContentRow {
  readonly path: string;
  readonly content_id: Uint8Array;
  readonly size: number;
  readonly mtime_ns: string;
  readonly ctime_ns: string;
  readonly inode: string;
}

export const contentOf = (row: ContentRow): ContentSource => ({
  contentId: toHex(row.content_id),
  path: row.path,
  size: row.size,
  mtimeNs: BigInt(row.mtime_ns),
  ctimeNs: BigInt(row.ctime_ns),
  inode: BigInt(row.inode),
});

/** One count for the leases of own files and of others. Inside a transaction. */
export const nextLeaseEpoch = (database: Database): number =>
  database.get<{ value: number }>(
    "UPDATE counters SET value = value + 1 WHERE name = 'lease_epoch' RETURNING value",
  )!.value;

/** The last one that was given. */
export const leaseEpoch = (database: Database): number =>
  database.get<{ value: number }>("SELECT value FROM counters WHERE name = 'lease_epoch'")!.value;
