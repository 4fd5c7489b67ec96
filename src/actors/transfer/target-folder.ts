import { type BigIntStats, constants, type Stats } from 'node:fs';
import { lstat, mkdir, rm, rmdir, stat, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { failure, ioFailure } from '../../errors.ts';
import { eachBounded } from '../each-bounded.ts';
import type { UnfinishedLook } from '../ledger-types.ts';
import { allocateFile } from './allocate-file.ts';
import { moveWithoutOverwriting } from './move-without-overwriting.ts';
import { dataSync, fullSync, setLength, statOf, withOpen } from './with-open.ts';

/** File systems whose folders cannot be synced answer so; there is nothing else to be done there. */
const NO_FOLDER_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR', 'EACCES', 'EBADF']);
const SYNCS_AT_ONCE = 8;
const MODE = 0o600;
/** Of `stat`, whatever the file system's own is. */
const BLOCK = 512n;

/** The unfinished file of an earlier run; `allocated`: no octet of it needs room that it has not got. */
interface FoundUnfinished extends UnfinishedLook {
  readonly allocated: boolean;
}

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
  /** Folders made below the target in this run. */
  readonly #made: string[] = [];
  /** Folders that were not there before the download, outer ones first: removed when they hold nothing. */
  readonly #new = new Set<string>();
  readonly #changed = new Set<string>();
  /** In the names of unfinished files: ours alone, so that two downloads to one folder do not meet. */
  readonly #mark: string;

  /** `absent`: folders that were not there before the first run of the same download. */
  constructor(path: string, mark: string, absent: readonly string[] = []) {
    this.path = path;
    this.#mark = mark;
    for (const folder of absent) this.#new.add(folder);
  }

  /** Folders that these places need and that are not there, outer ones first. */
  async absentFor(places: Iterable<readonly string[]>): Promise<readonly string[]> {
    for (const place of places) {
      for (let depth = 1; depth < place.length; depth++) {
        const folder = place.slice(0, depth);
        if (!(await this.#isFolder(folder))) this.#new.add(this.placeOf(folder));
      }
    }
    return [...this.#new];
  }

  placeOf(place: readonly string[]): string {
    return join(this.path, ...place);
  }

  /** What lies at the place of a file, be it a link; null: nothing. */
  async look(place: readonly string[]): Promise<Stats | null> {
    if (!(await this.#isFolder(place.slice(0, -1)))) return null;
    return await statOrNull(this.placeOf(place));
  }

  /** Where a file lies while it is not finished: beside its place, the same path in every run of the download. */
  unfinishedPath(place: readonly string[], position: number): string {
    return this.placeOf([...place.slice(0, -1), `${unfinishedPrefix(this.#mark)}${position}.part`]);
  }

  /** The unfinished file of an earlier run; null: there is none. */
  async lookUnfinished(place: readonly string[], position: number): Promise<FoundUnfinished | null> {
    if (!(await this.#isFolder(place.slice(0, -1)))) return null;
    const path = this.unfinishedPath(place, position);
    const found = await bigStatOrNull(path);
    if (found === null) return null;
    if (!found.isFile()) throw inTheWay(found, path, 'an unfinished file');
    return { ...lookOf(found), allocated: found.blocks * BLOCK >= found.size };
  }

  /** Makes an unfinished file of that length, in folders that exist from now on, and returns its path. */
  async unfinished(place: readonly string[], position: number, length: number): Promise<string> {
    const path = await this.folderOfUnfinished(place, position);
    try {
      const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | noFollow;
      await withOpen(path, flags, MODE, (fd) => setLength(fd, length));
    } catch (error) {
      throw ioFailure(error, path);
    }
    return path;
  }

  /** Gives an unfinished file its blocks now. False: they cannot be had before its octets. */
  async allocate(unfinished: string, length: number, signal: AbortSignal): Promise<boolean> {
    return await withOpen(unfinished, constants.O_WRONLY | noFollow, MODE, (fd) =>
      allocateFile(fd, unfinished, length, signal),
    ).catch((error) => {
      throw ioFailure(error, unfinished);
    });
  }

  /** Path for an unfinished file, in folders that exist from now on. Nothing lies there yet. */
  async folderOfUnfinished(place: readonly string[], position: number): Promise<string> {
    await this.#make(place.slice(0, -1));
    return this.unfinishedPath(place, position);
  }

  /** Makes an unfinished file as long as the finished one. */
  async setLength(unfinished: string, length: number): Promise<void> {
    await truncate(unfinished, length).catch((error) => {
      throw ioFailure(error, unfinished);
    });
  }

  /** Makes the octets of an unfinished file durable; how it looks then. Null: it has its name meanwhile, or is gone. */
  async syncData(unfinished: string): Promise<UnfinishedLook | null> {
    try {
      return await withOpen(unfinished, constants.O_RDWR | noFollow, MODE, async (fd) => {
        await dataSync(fd);
        return lookOf(await statOf(fd, { bigint: true }));
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw ioFailure(error, unfinished);
    }
  }

  /** Makes the octets of a file durable; how many they are. */
  async sync(path: string): Promise<number> {
    try {
      return await withOpen(path, constants.O_RDWR | noFollow, MODE, async (fd) => {
        await fullSync(fd);
        return (await statOf(fd)).size;
      });
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

  /** Takes back the folders that were not there before and hold nothing. The target folder itself stays. */
  async removeEmpty(): Promise<void> {
    for (const folder of [...this.#new].reverse()) await rmdir(folder).catch(() => {});
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

const unfinishedPrefix = (mark: string): string => `.granary-${mark}-`;

/** Whether that is the path of an unfinished file of the download with this mark. */
export const isUnfinished = (path: string, mark: string): boolean =>
  basename(path).startsWith(unfinishedPrefix(mark));

// Windows has no such flag, and no such links without special rights.
const noFollow = constants.O_NOFOLLOW ?? 0;

async function syncFolder(path: string): Promise<void> {
  try {
    await withOpen(path, 'r', MODE, (fd) => fullSync(fd));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || !NO_FOLDER_SYNC.has(code)) throw ioFailure(error, path);
  }
}

const lookOf = ({ size, mtimeNs, ino }: BigIntStats): UnfinishedLook => ({
  length: Number(size),
  mtimeNs,
  inode: ino,
});

async function bigStatOrNull(path: string): Promise<BigIntStats | null> {
  return await lstat(path, { bigint: true }).catch((error) => absent(error, path));
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

function inTheWay(found: Pick<Stats, 'isSymbolicLink'>, path: string, of = 'a folder') {
  const what = found.isSymbolicLink()
    ? `a link is in the way of ${of}, and links are not followed`
    : `something else is in the way of ${of}`;
  return failure('E_PATH_INVALID', what, {
    subject: path,
    next: 'name another folder with -o, or move it away',
  });
}
