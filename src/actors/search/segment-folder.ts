import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ioFailure } from '../../errors.ts';
import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import { DiskPace } from '../disk-pace.ts';
import { RowFiles } from './row-files.ts';
import type { BuiltSegment } from './segment-builder.ts';
import { Segment } from './segment-reader.ts';

/** Which revision of which share a segment is of. */
export interface SegmentName {
  readonly shareId: string;
  readonly seq: number;
}

/** A segment that takes longer was not read from memory: the largest has some 200 KiB. */
const SLOW_LOAD_MS = 2;
/** Milliseconds of loading before others on this thread get their turn. */
const SLICE_MS = 4;

interface Files {
  readonly index: Uint8Array;
  readonly rowOctets: number;
}

const OURS = /^[0-9a-f]{64}-[0-9]{1,16}\.(?:idx|rows)(?:\.tmp)?$/;

/**
 * The segment files of a data folder, `<share id>-<seq>.idx` and `.rows`. A segment is there once its index has its
 * name; everything before is an orphan that the next start sweeps. Errors of the disk are `E_IO` or `E_NO_SPACE`.
 */
export class SegmentFolder {
  readonly #path: string;
  readonly rows: RowFiles;
  readonly #now: () => number;
  readonly #pace = new DiskPace(SLOW_LOAD_MS);
  #sliceEnds = Number.NEGATIVE_INFINITY;

  constructor(home: string, clock: Clock) {
    this.#now = () => clock.now();
    this.rows = new RowFiles(clock);
    this.#path = join(home, 'segments');
  }

  rowsPath({ shareId, seq }: SegmentName): string {
    return join(this.#path, `${shareId}-${seq}.rows`);
  }

  #indexPath({ shareId, seq }: SegmentName): string {
    return join(this.#path, `${shareId}-${seq}.idx`);
  }

  async create(): Promise<void> {
    await this.#io(() => mkdir(this.#path, { recursive: true, mode: 0o700 }));
  }

  /** Null when there is none, when it is damaged, or when it is of another manifest: then it has to be built. */
  async load(name: SegmentName, manifestId: Uint8Array): Promise<Segment | null> {
    try {
      const { index, rowOctets } = await this.#read(this.#indexPath(name), this.rowsPath(name));
      const segment = Segment.open(index);
      if (segment === null || segment.rowOctets !== rowOctets) return null;
      return bytesEqual(segment.manifestId, manifestId) ? segment : null;
    } catch (error) {
      // Whatever the disk says of it, it is derived: building again either helps or says why not.
      ioFailure(error, this.#indexPath(name));
      return null;
    }
  }

  /** In place while the disk answers from memory, letting others on this thread in between; else on the thread pool. */
  async #read(index: string, rows: string): Promise<Files> {
    const start = this.#now();
    if (this.#pace.usePool(start)) return await readOnPool(index, rows);
    if (start >= this.#sliceEnds) {
      await setImmediate();
      this.#sliceEnds = this.#now() + SLICE_MS;
    }
    return this.#pace.inPlace(this.#now, () => readInPlace(index, rows));
  }

  /** Durable when it resolves. */
  async write(name: SegmentName, { index, rows }: BuiltSegment): Promise<void> {
    await this.#io(async () => {
      await writeDurably(this.rowsPath(name), rows);
      await writeDurably(this.#indexPath(name), index);
      this.rows.forget(this.rowsPath(name));
      const folder = await open(this.#path);
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    });
  }

  async remove(name: SegmentName): Promise<void> {
    this.rows.forget(this.rowsPath(name));
    await this.#io(async () => {
      await rm(this.#indexPath(name), { force: true });
      await rm(this.rowsPath(name), { force: true });
    });
  }

  /** Removes the segments of everything but these, and what a crash left half done. Returns how many files went. */
  async sweep(keep: readonly SegmentName[]): Promise<number> {
    const kept = new Set(
      keep.flatMap(({ shareId, seq }) => [`${shareId}-${seq}.idx`, `${shareId}-${seq}.rows`]),
    );
    return await this.#io(async () => {
      const orphans = (await readdir(this.#path)).filter((file) => OURS.test(file) && !kept.has(file));
      for (const file of orphans) await rm(join(this.#path, file), { force: true });
      return orphans.length;
    });
  }

  async #io<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw ioFailure(error, this.#path);
    }
  }
}

/** The words of an index need octets that begin their own buffer. */
function readInPlace(indexPath: string, rowsPath: string): Files {
  const file = openSync(indexPath, 'r');
  try {
    const { size } = fstatSync(file);
    const index = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
    return { index: whole(index, readSync(file, index, 0, size, 0)), rowOctets: statSync(rowsPath).size };
  } finally {
    closeSync(file);
  }
}

async function readOnPool(indexPath: string, rowsPath: string): Promise<Files> {
  const file = await open(indexPath);
  try {
    const { size } = await file.stat();
    const index = new Uint8Array(size);
    const { bytesRead } = await file.read(index, 0, size, 0);
    return { index: whole(index, bytesRead), rowOctets: (await stat(rowsPath)).size };
  } finally {
    await file.close();
  }
}

const whole = (octets: Uint8Array, count: number): Uint8Array =>
  count === octets.length ? octets : octets.slice(0, count);

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(`${path}.tmp`, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}
