import type { Dir, Dirent } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { itemPath, refusedName } from './item-name.ts';
import type { Root } from './roots.ts';
import { reasonOf, type SkippedFiles } from './skipped-files.ts';

/** A regular file that can be in a share, as it looked when it was found. */
export interface FoundFile {
  readonly path: string;
  /** Its path inside the share. */
  readonly inside: string;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

/** Entries read from a folder, and files of it looked at, at once; then others on this thread get their turn. */
const BATCH = 128;
/** Files kept in mind at once, about 400 octets each. */
export const MAX_FILES = 1_000_000;

/** What a folder fails with that is not there any more. */
const GONE = new Set(['ENOENT', 'ENOTDIR']);

interface Folder {
  readonly path: string;
  readonly inside: string;
}

/** Finds the files of a share. Links are never followed. */
export class FileWalk {
  files: FoundFile[] = [];
  /** Folders that are there and could not be read: nobody knows what is in them now. */
  readonly unreadable: { readonly path: string; readonly inside: string }[] = [];
  bytes = 0;
  /** Files found, also those that are too many to be looked at. */
  count = 0;
  readonly #skipped: SkippedFiles;
  readonly #seen = new Set<string>();

  constructor(skipped: SkippedFiles) {
    this.#skipped = skipped;
  }

  /** More files than a share may have: `files` does not hold all of them. */
  get tooMany(): boolean {
    return this.count > MAX_FILES;
  }

  /** Yields now and then on its way. Rejects with the signal's reason. */
  async *run(roots: readonly Root[], signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    for (const root of roots) {
      if (root.kind === 'folder') yield* this.#folders(root, signal);
      else await this.#look([root]);
    }
  }

  /** Takes some of the files that were found out again. */
  takeOut(which: (file: FoundFile) => boolean): readonly FoundFile[] {
    const taken = this.files.filter(which);
    if (taken.length === 0) return taken;
    this.files = this.files.filter((file) => !which(file));
    for (const { size } of taken) this.bytes -= size;
    this.count -= taken.length;
    return taken;
  }

  async *#folders(root: Folder, signal: AbortSignal): AsyncGenerator<void, void, undefined> {
    const open: Folder[] = [root];
    for (let folder = open.pop(); folder !== undefined && !this.tooMany; folder = open.pop()) {
      if (await isDataFolder(folder.path)) {
        this.#skipped.add(folder.path, 'data folder of a node');
        continue;
      }
      try {
        for await (const files of this.#entries(folder, open)) {
          await this.#look(files);
          yield;
          signal.throwIfAborted();
          if (this.tooMany) return;
        }
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        this.#skipped.add(folder.path, reasonOf(error));
        if (!GONE.has((error as NodeJS.ErrnoException).code ?? '')) this.unreadable.push(folder);
      }
    }
  }

  /** The files of a folder, some at a time; the folders in it go to `open`. */
  async *#entries(folder: Folder, open: Folder[]): AsyncGenerator<readonly Folder[], void, undefined> {
    let files: Folder[] = [];
    let passed = 0;
    for await (const entry of await openFolder(folder.path)) {
      const found = this.#entry(folder, entry);
      if (found?.kind === 'folder') open.push(found);
      else if (found?.kind === 'file') files.push(found);
      if (++passed < BATCH) continue;
      yield files;
      files = [];
      passed = 0;
    }
    yield files;
  }

  #entry(folder: Folder, entry: Dirent<Buffer>): Root | null {
    const name = entry.name.toString();
    const path = join(folder.path, name);
    const refused = refusedName(entry.name, folder.inside) ?? refusedKind(entry);
    if (refused !== null) {
      this.#skipped.add(path, refused);
      return null;
    }
    const kind = entry.isDirectory() ? 'folder' : 'file';
    return { path, kind, inside: itemPath(folder.inside, name) };
  }

  async #look(files: readonly Folder[]): Promise<void> {
    const fresh = files.filter(({ path }) => !this.#seen.has(path));
    this.count += fresh.length;
    // Nothing comes of this share any more.
    if (this.tooMany) return;
    for (const { path } of fresh) this.#seen.add(path);
    await Promise.all(fresh.map((file) => this.#lookAt(file)));
  }

  async #lookAt({ path, inside }: Folder): Promise<void> {
    try {
      const stats = await lstat(path, { bigint: true });
      if (!stats.isFile()) return this.#drop(path, 'not a regular file');
      const { mtimeNs, ctimeNs, ino: inode } = stats;
      const size = Number(stats.size);
      this.files.push({ path, inside, size, mtimeNs, ctimeNs, inode });
      this.bytes += size;
    } catch (error) {
      this.#drop(path, reasonOf(error));
    }
  }

  #drop(path: string, reason: string): void {
    this.count--;
    this.#skipped.add(path, reason);
  }
}

function refusedKind(entry: Dirent<Buffer>): string | null {
  if (entry.isFile() || entry.isDirectory()) return null;
  return entry.isSymbolicLink() ? 'symlink' : 'not a regular file';
}

/** A folder whose names come as octets: they need not be UTF-8. */
async function openFolder(path: string): Promise<AsyncIterable<Dirent<Buffer>>> {
  // The type declarations know no such encoding; the function does.
  const options = { encoding: 'buffer' as BufferEncoding, bufferSize: BATCH };
  const folder: Dir = await opendir(path, options);
  return folder as unknown as AsyncIterable<Dirent<Buffer>>;
}

/** A node's data folder holds its keys: it is never published, not even by somebody who names it. */
async function isDataFolder(path: string): Promise<boolean> {
  for (const name of ['lock.db', 'state.db', 'keys']) {
    try {
      await lstat(join(path, name));
    } catch {
      return false;
    }
  }
  return true;
}
