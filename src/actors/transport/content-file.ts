import { close, closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import type { ServedLease } from '../content-types.ts';
import { DiskPace } from '../disk-pace.ts';
import { type Range, ReadAhead, type Scratch } from './read-ahead.ts';

/** A read that takes longer was no read from memory. */
const SLOW_READ_MS = 1;
/** After slow reads the file counts as lying on a disk for so long: what runs through it is read ahead of. */
const COLD_MS = 10_000;
/** Octets a millisecond that no disk gives: what was brought near was there already. */
const MEMORY_PACE = 2 * 1024 * 1024;
/** How long a look at the file's state is good for. */
const CHECK_MS = 1_000;

/** A published file, open, as long as it looks the way it did when it was hashed. */
export class ContentFile {
  readonly lease: ServedLease;
  readonly #fd: number;
  readonly #pace = new DiskPace(SLOW_READ_MS);
  readonly #ahead = new ReadAhead();
  readonly #scratch: Scratch;
  #coldUntil = 0;
  #checkedAt: number;
  #reads = 0;
  #closed = false;

  private constructor(lease: ServedLease, fd: number, scratch: Scratch, now: number) {
    this.lease = lease;
    this.#fd = fd;
    this.#scratch = scratch;
    this.#checkedAt = now;
  }

  /** Null: not there, not readable, or changed since it was hashed. */
  static open(lease: ServedLease, scratch: Scratch, now: number): ContentFile | null {
    let fd: number;
    try {
      // Without O_NONBLOCK a FIFO put in the file's place would hold the shard for ever.
      fd = openSync(lease.path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch {
      return null;
    }
    if (looksLike(fd, lease)) return new ContentFile(lease, fd, scratch, now);
    closeSync(fd);
    return null;
  }

  /** Looks at the file at most once a second. */
  stillLooksAlike(now: number): boolean {
    if (now - this.#checkedAt < CHECK_MS) return true;
    this.#checkedAt = now;
    return looksLike(this.#fd, this.lease);
  }

  /**
   * Reads in place while the file's reads are fast (what goes through it in order is brought near beforehand), else on the
   * thread pool, which spares the other sessions of this shard the wait for a disk. True when all octets were read; a
   * promise when the pool does it.
   */
  read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    now: () => number,
  ): boolean | Promise<boolean> {
    const start = now();
    if (start < this.#coldUntil) this.#readAhead(position, length, now);
    if (this.#pace.usePool(start)) return this.#readOnPool(target, offset, length, position);
    let count: number;
    try {
      count = readSync(this.#fd, target, offset, length, position);
    } catch {
      return false;
    }
    const end = now();
    this.#pace.took(start, end);
    if (this.#pace.usePool(end)) this.#coldUntil = end + COLD_MS;
    return count === length;
  }

  /** Closes once nothing reads from it any more. */
  close(): void {
    this.#closed = true;
    if (this.#reads === 0) closeSync(this.#fd);
  }

  #readOnPool(target: Buffer, offset: number, length: number, position: number): Promise<boolean> {
    return new Promise((resolve) => {
      this.#onPool(target, offset, { position, length }, (count) => resolve(count === length));
    });
  }

  #readAhead(position: number, length: number, now: () => number): void {
    const range = this.#ahead.reads(position, length, this.lease.size);
    const buffer = range === null ? null : this.#scratch.take();
    if (range === null || buffer === null) return;
    const start = now();
    this.#onPool(buffer, 0, range, (count) => {
      this.#scratch.give();
      const end = now();
      this.#coldUntil = count < (end - start) * MEMORY_PACE ? end + COLD_MS : 0;
    });
  }

  /** `done` hears how many octets were read. */
  #onPool(target: Buffer, offset: number, range: Range, done: (count: number) => void): void {
    this.#reads++;
    read(this.#fd, target, offset, range.length, range.position, (error, count) => {
      this.#reads--;
      if (this.#closed && this.#reads === 0) close(this.#fd, () => {});
      done(error === null ? count : 0);
    });
  }
}

function looksLike(fd: number, lease: ServedLease): boolean {
  try {
    const now = fstatSync(fd, { bigint: true });
    return (
      now.isFile() &&
      now.size === BigInt(lease.size) &&
      now.mtimeNs === lease.mtimeNs &&
      now.ctimeNs === lease.ctimeNs &&
      now.ino === lease.inode
    );
  } catch {
    return false;
  }
}
