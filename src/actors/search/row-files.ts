import { close, open, openSync, read, readSync } from 'node:fs';
import { ioFailure } from '../../errors.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import { DiskPace } from '../disk-pace.ts';
import { decodeRow, type Row } from './row.ts';
import type { Span } from './segment-reader.ts';

/** Files kept open: a page has twenty rows, often of as many shares, and opening and closing one costs four times the reading. */
const MAX_OPEN = 512;
/** A read that takes longer was no read from memory. */
const SLOW_READ_MS = 1;
/** Of nearly all rows; longer ones get a buffer of their own. */
const SCRATCH_OCTETS = 4096;

interface OpenFile {
  readonly path: string;
  readonly descriptor: Promise<number>;
  readers: number;
  /** Closed by its last reader. */
  forgotten: boolean;
}

/**
 * Reads rows of rows files, those used last kept open: in place while the disk answers from memory (a row takes 5 us so,
 * and 50 by way of the pool), else on the thread pool.
 */
export class RowFiles {
  readonly #now: () => number;
  readonly #pace = new DiskPace(SLOW_READ_MS);
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_OCTETS);
  /** In the order in which they were used. */
  readonly #open = new Map<string, OpenFile>();

  constructor(clock: Clock) {
    this.#now = () => clock.now();
  }

  /** The rows at those places of one file; null for each that cannot be read or is not what was written. */
  async read(path: string, spans: readonly Span[]): Promise<(Row | null)[]> {
    const file = this.#use(path);
    try {
      const descriptor = await file.descriptor;
      return await Promise.all(spans.map((span) => this.#row(descriptor, span)));
    } catch (error) {
      this.forget(path);
      ioFailure(error, path);
      return spans.map(() => null);
    } finally {
      file.readers--;
      closeUnused(file);
    }
  }

  /** The file is replaced or removed. */
  forget(path: string): void {
    const file = this.#open.get(path);
    if (file === undefined) return;
    this.#open.delete(path);
    file.forgotten = true;
    closeUnused(file);
  }

  close(): void {
    for (const path of [...this.#open.keys()]) this.forget(path);
  }

  #use(path: string): OpenFile {
    const known = this.#open.get(path);
    const file = known ?? { path, descriptor: this.#opened(path), readers: 0, forgotten: false };
    file.readers++;
    this.#open.delete(path);
    this.#open.set(path, file);
    if (known === undefined && this.#open.size > MAX_OPEN) this.forget(this.#open.keys().next().value!);
    return file;
  }

  async #opened(path: string): Promise<number> {
    if (this.#pace.usePool(this.#now())) return await openOnPool(path);
    return this.#pace.inPlace(this.#now, () => openSync(path, 'r'));
  }

  #row(descriptor: number, span: Span): Row | null | Promise<Row | null> {
    if (this.#pace.usePool(this.#now())) return rowOnPool(descriptor, span);
    const { offset, length } = span;
    const buffer = length <= SCRATCH_OCTETS ? this.#scratch : Buffer.allocUnsafe(length);
    const count = this.#pace.inPlace(this.#now, () => readSync(descriptor, buffer, 0, length, offset));
    return count === length ? decodeRow(buffer.subarray(0, length)) : null;
  }
}

function closeUnused(file: OpenFile): void {
  if (!file.forgotten || file.readers > 0) return;
  file.descriptor.then(
    (descriptor) => close(descriptor),
    () => {},
  );
}

function openOnPool(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, (error, descriptor) => (error ? reject(error) : resolve(descriptor)));
  });
}

function rowOnPool(descriptor: number, { offset, length }: Span): Promise<Row | null> {
  return new Promise((resolve, reject) => {
    read(descriptor, Buffer.allocUnsafe(length), 0, length, offset, (error, count, buffer) => {
      if (error) reject(error);
      else resolve(count === length ? decodeRow(buffer) : null);
    });
  });
}
