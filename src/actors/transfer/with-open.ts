import { closeSync, fdatasync, fstat, fsync, ftruncate, openSync } from 'node:fs';
import { promisify } from 'node:util';

/** What is done with an open file, on the pool. */
export const setLength = promisify(ftruncate);
export const dataSync = promisify(fdatasync);
export const fullSync = (fd: number): Promise<void> => promisify(fsync)(fd);
export const statOf = promisify(fstat);

/**
 * Opens a file, has something done with it, and closes it. In place, both: a thread that is cut while an `open` of its own is
 * with the pool leaves a descriptor that nobody closes before the process ends, and threads that make files by the thousand
 * always have some there. What was opened in place is closed with its thread.
 */
export async function withOpen<T>(
  path: string,
  flags: number | string,
  mode: number,
  work: (fd: number) => Promise<T>,
): Promise<T> {
  const fd = openSync(path, flags, mode);
  try {
    return await work(fd);
  } finally {
    closeSync(fd);
  }
}
