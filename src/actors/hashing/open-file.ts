import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { failure, ioFailure } from '../../errors.ts';
import type { FileLook } from './pool-task.ts';

// A symbolic link is refused, a FIFO does not hold the thread for a writer that never comes.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A regular file, open for reading, and how it looked when it was opened. Every method throws ActorError. */
export class OpenFile {
  readonly path: string;
  readonly look: FileLook;
  readonly #fd: number;

  private constructor(path: string, fd: number, look: FileLook) {
    this.path = path;
    this.look = look;
    this.#fd = fd;
  }

  static open(path: string): OpenFile {
    let fd: number;
    try {
      fd = openSync(path, FLAGS);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ELOOP') {
        throw failure('E_PATH_INVALID', 'a symbolic link is not followed', { subject: path });
      }
      throw ioFailure(error, path);
    }
    try {
      return new OpenFile(path, fd, lookOf(fd, path));
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Throws `E_FILE_CHANGED` unless the file looks as it did. */
  static openSame(path: string, look: FileLook): OpenFile {
    const file = OpenFile.open(path);
    if (sameLook(file.look, look)) return file;
    file.close();
    throw changed(path);
  }

  /** Fills the target from the file. */
  read(target: Uint8Array, position: number): void {
    for (let done = 0; done < target.length; ) {
      let got: number;
      try {
        got = readSync(this.#fd, target, done, target.length - done, position + done);
      } catch (error) {
        throw ioFailure(error, this.path);
      }
      if (got === 0) throw changed(this.path);
      done += got;
    }
  }

  /** Throws `E_FILE_CHANGED` if the file was touched since it was opened. */
  check(): void {
    if (!sameLook(lookOf(this.#fd, this.path), this.look)) throw changed(this.path);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function lookOf(fd: number, path: string): FileLook {
  let stats: ReturnType<typeof statsOf>;
  try {
    stats = statsOf(fd);
  } catch (error) {
    throw ioFailure(error, path);
  }
  if (!stats.isFile()) throw failure('E_PATH_INVALID', 'not a regular file', { subject: path });
  if (stats.size > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw failure('E_PATH_INVALID', 'the file is larger than any file can be', { subject: path });
  }
  return {
    size: Number(stats.size),
    mtimeNs: stats.mtimeNs,
    ctimeNs: stats.ctimeNs,
    inode: stats.ino,
    device: stats.dev,
  };
}

const statsOf = (fd: number) => fstatSync(fd, { bigint: true });

function sameLook(a: FileLook, b: FileLook): boolean {
  return (
    a.size === b.size &&
    a.mtimeNs === b.mtimeNs &&
    a.ctimeNs === b.ctimeNs &&
    a.inode === b.inode &&
    a.device === b.device
  );
}

const changed = (path: string) =>
  failure('E_FILE_CHANGED', 'the file changed while it was read', { subject: path, retryable: true });
