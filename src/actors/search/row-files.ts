import { close, open, read } from 'node:fs';
import { ioFailure } from '../../errors.ts';
import { decodeRow, type Row } from './row.ts';
import type { Span } from './segment-reader.ts';

/** Files kept open: a page of twenty rows of as many shares opens them all. */
const MAX_OPEN = 128;

interface OpenFile {
  readonly path: string;
  readonly descriptor: Promise<number>;
  readers: number;
  /** Closed by its last reader. */
  forgotten: boolean;
}

/** Reads rows of rows files, those used last kept open. */
export class RowFiles {
  /** In the order in which they were used. */
  readonly #open = new Map<string, OpenFile>();

  /** The rows at those places of one file; null for each that cannot be read or is not what was written. */
  async read(path: string, spans: readonly Span[]): Promise<(Row | null)[]> {
    const file = this.#use(path);
    try {
      const descriptor = await file.descriptor;
      return await Promise.all(spans.map((span) => readRow(descriptor, span)));
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
    const file = known ?? { path, descriptor: openFile(path), readers: 0, forgotten: false };
    file.readers++;
    this.#open.delete(path);
    this.#open.set(path, file);
    if (known === undefined && this.#open.size > MAX_OPEN) this.forget(this.#open.keys().next().value!);
    return file;
  }
}

function closeUnused(file: OpenFile): void {
  if (!file.forgotten || file.readers > 0) return;
  file.descriptor.then(
    (descriptor) => close(descriptor),
    () => {},
  );
}

function openFile(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, (error, descriptor) => (error ? reject(error) : resolve(descriptor)));
  });
}

function readRow(descriptor: number, { offset, length }: Span): Promise<Row | null> {
  return new Promise((resolve, reject) => {
    read(descriptor, Buffer.allocUnsafe(length), 0, length, offset, (error, count, buffer) => {
      if (error) reject(error);
      else resolve(count === length ? decodeRow(buffer) : null);
    });
  });
}
