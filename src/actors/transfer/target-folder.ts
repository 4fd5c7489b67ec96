import { randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { failure, ioFailure } from '../../errors.ts';
import { eachBounded } from '../each-bounded.ts';
import { moveWithoutOverwriting } from './move-without-overwriting.ts';

/** File systems whose folders cannot be synced answer so; there is nothing else to be done there. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EACCES', 'EBADF']);
const SYNCS_AT_ONCE = 8;
const MODE = 0o600;

/**
 * The folder a download goes to, and the only thing that changes it. Links below it are never followed: a link where
 * a folder is needed is `E_PATH_INVALID`. No existing file is ever overwritten. (Between the look at a folder and its
 * use somebody with rights to the folder could still put a link there: he could as well change the files.) Other errors
 * of the disk are those of the table.
 */
export class TargetFolder {
  readonly path: string;
  readonly #folders = new Map<string, Promise<boolean>>();
  readonly #making = new Map<string, Promise<void>>();
  /** Folders made below the target, outer ones first. */
  readonly #made: string[] = [];
  readonly #changed = new Set<string>();
  /** Ours alone, so that two downloads to one folder do not meet. */
  readonly #mark = `.granary-${randomBytes(6).toString('hex')}`;
  #count = 0;

  constructor(path: string) {
    this.path = path;
  }

  placeOf(place: readonly string[]): string {
    return join(this.path, ...place);
  }

  /** What lies at the place of a file, be it a link; null: nothing. */
  async look(place: readonly string[]): Promise<Stats | null> {
    if (!(await this.#isFolder(place.slice(0, -1)))) return null;
    return await statOrNull(this.placeOf(place));
  }

  /**
   * Path for an unfinished file beside a place, in folders that exist from now on. Nothing lies there yet; `create`
   * makes it empty.
   */
  async unfinished(place: readonly string[], create = true): Promise<string> {
    await this.#make(place.slice(0, -1));
    const path = this.placeOf([...place.slice(0, -1), `${this.#mark}-${this.#count++}.part`]);
    if (!create) return path;
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
      await (await open(path, flags, MODE)).close();
    } catch (error) {
      throw ioFailure(error, path);
    }
    return path;
  }

  /** Makes the octets of a file durable. */
  async sync(path: string): Promise<void> {
    try {
      const file = await open(path, constants.O_RDWR | noFollow);
      try {
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw ioFailure(error, path);
    }
  }

  /** Gives an unfinished file its name. False: the name is taken, and nothing has changed. */
  async finish(unfinished: string, place: readonly string[]): Promise<boolean> {
    const path = this.placeOf(place);
    try {
      if (!(await moveWithoutOverwriting(unfinished, path))) return false;
    } catch (error) {
      throw ioFailure(error, path);
    }
    this.#changed.add(dirname(path));
    return true;
  }

  async discard(unfinished: string): Promise<void> {
    await rm(unfinished, { force: true }).catch(() => {});
  }

  /** Makes the new names durable. */
  async syncNames(): Promise<void> {
    for (const folder of this.#made) this.#changed.add(dirname(folder));
    const folders = [...this.#changed];
    this.#changed.clear();
    await eachBounded(folders, SYNCS_AT_ONCE, syncFolder);
  }

  /** Takes back the folders that were made and hold nothing. The target folder itself stays. */
  async removeEmpty(): Promise<void> {
    for (const folder of this.#made.reverse()) await rmdir(folder).catch(() => {});
  }

  /** Whether there is such a folder. Looked at once a download. */
  #isFolder(place: readonly string[]): Promise<boolean> {
    const key = place.join('/');
    const known = this.#folders.get(key);
    if (known) return known;
    const found = this.#lookForFolder(place);
    this.#folders.set(key, found);
    return found;
  }

  async #lookForFolder(place: readonly string[]): Promise<boolean> {
    if (place.length === 0) {
      const found = await stat(this.path).catch((error) => absent(error, this.path));
      if (found !== null && !found.isDirectory()) throw inTheWay(found, this.path);
      return found !== null;
    }
    if (!(await this.#isFolder(place.slice(0, -1)))) return false;
    const path = this.placeOf(place);
    const found = await statOrNull(path);
    if (found !== null && !found.isDirectory()) throw inTheWay(found, path);
    return found !== null;
  }

  #make(place: readonly string[]): Promise<void> {
    const key = place.join('/');
    let making = this.#making.get(key);
    if (making === undefined) {
      making = this.#makeOnce(place);
      this.#making.set(key, making);
    }
    return making;
  }

  async #makeOnce(place: readonly string[]): Promise<void> {
    if (await this.#isFolder(place)) return;
    const path = this.placeOf(place);
    if (place.length > 0) await this.#make(place.slice(0, -1));
    try {
      if (place.length === 0) await mkdir(path, { recursive: true });
      else await mkdir(path);
      if (place.length > 0) this.#made.push(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw ioFailure(error, path);
      // Somebody else made it a moment ago; what it is has to be seen.
    }
    this.#folders.delete(place.join('/'));
    if (!(await this.#isFolder(place))) throw failure('E_IO', 'the folder vanished again', { subject: path });
  }
}

// Windows has no such flag, and no such links without special rights.
const noFollow = constants.O_NOFOLLOW ?? 0;

async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !NO_FOLDER_SYNC.has(code)) throw ioFailure(error, path);
  }
}

async function statOrNull(path: string): Promise<Stats | null> {
  return await lstat(path).catch((error) => absent(error, path));
}

function absent(error: unknown, path: string): null {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return null;
  if (code === 'ENOTDIR')
    throw failure('E_PATH_INVALID', 'a file is in the way of a folder', { subject: path });
  throw ioFailure(error, path);
}

function inTheWay(found: Stats, path: string) {
  const what = found.isSymbolicLink()
    ? 'a link is in the way of a folder, and links are not followed'
    : 'a file is in the way of a folder';
  return failure('E_PATH_INVALID', what, {
    subject: path,
    next: 'name another folder with -o, or move it away',
  });
}
