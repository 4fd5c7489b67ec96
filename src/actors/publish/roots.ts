import { lstat } from 'node:fs/promises';
import { basename, extname, isAbsolute, resolve } from 'node:path';
import { failure, ioFailure } from '../../errors.ts';
import type { ShareRoot } from '../share-types.ts';
import { isEmpty, isUnmounted } from '../unmounted.ts';
import type { SkippedFiles } from './skipped-files.ts';

export type Root = ShareRoot;

/** What a publish was asked to publish, as it lies there now. */
export interface FoundRoots {
  /** All of them, as they are kept with the share. */
  readonly roots: readonly Root[];
  /** Of these: known from the last revision and not there, or empty: their disk is not mounted. */
  readonly offline: readonly Root[];
}

/** Absolute paths, each once. `E_PATH_INVALID` for what no file can be called. */
export function placesOf(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map(checkedPath))];
}

/**
 * The places as parts of a share. One folder is the share itself; several places lie in it by their own names, numbered
 * where two have the same. `known`: the roots of the last revision; one of them that is gone, or a folder that is
 * empty now, is offline. `E_PATH_INVALID` for any other that is not there; links are skipped, wherever they point to.
 */
export async function rootsOf(
  places: readonly string[],
  known: readonly Root[],
  skipped: SkippedFiles,
): Promise<FoundRoots> {
  const found: (Pick<Root, 'path' | 'kind'> & { isOffline: boolean })[] = [];
  for (const path of places) {
    const before = known.find((root) => root.path === path);
    const kind = await kindOf(path, before);
    if (kind === 'offline') found.push({ path, kind: before!.kind, isOffline: true });
    else if (kind === 'file' || kind === 'folder') found.push({ path, kind, isOffline: false });
    else skipped.add(path, kind);
  }
  const roots: Root[] = [];
  const offline: Root[] = [];
  const taken = new Set<string>();
  for (const { path, kind, isOffline } of found) {
    const root = { path, kind, inside: insideOf(path, kind, places.length === 1, taken) };
    roots.push(root);
    if (isOffline) offline.push(root);
  }
  return { roots, offline };
}

/** Whether a place that files were published from is gone, or is an empty folder now. */
export async function isOffline({ path, kind }: Pick<Root, 'path' | 'kind'>): Promise<boolean> {
  if (kind === 'folder') return await isUnmounted(path);
  return (await lstat(path).catch(() => null)) === null;
}

function insideOf(path: string, kind: Root['kind'], isOnly: boolean, taken: Set<string>): string {
  if (kind === 'folder' && isOnly) return '';
  const name = basename(path) || 'root';
  let inside = name;
  for (let count = 2; taken.has(inside); count++) inside = numbered(name, count, kind);
  taken.add(inside);
  return inside;
}

function checkedPath(path: string): string {
  if (!isAbsolute(path)) throw failure('E_PATH_INVALID', 'the path is not absolute', { subject: path });
  if (path.includes('\0') || !path.isWellFormed()) {
    throw failure('E_PATH_INVALID', 'no file can have this path', { subject: path });
  }
  return resolve(path);
}

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

/** Or why it is skipped. */
async function kindOf(
  path: string,
  before: Root | undefined,
): Promise<Root['kind'] | 'offline' | 'symlink' | 'not a regular file'> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return 'file';
    // A mount point without its disk is an empty folder.
    if (stats.isDirectory()) return before?.kind === 'folder' && (await isEmpty(path)) ? 'offline' : 'folder';
    return stats.isSymbolicLink() ? 'symlink' : 'not a regular file';
  } catch (error) {
    if (before !== undefined && before.kind === 'folder') return 'offline';
    const refused = ioFailure(error, path);
    if (!ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) throw refused;
    throw failure('E_PATH_INVALID', 'no such file or folder', { subject: path, cause: error });
  }
}

function numbered(name: string, count: number, kind: Root['kind']): string {
  const end = kind === 'file' ? extname(name) : '';
  return `${name.slice(0, name.length - end.length)} (${count})${end}`;
}
