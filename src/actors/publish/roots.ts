import { lstat } from 'node:fs/promises';
import { basename, extname, isAbsolute, resolve } from 'node:path';
import { failure, ioFailure } from '../../errors.ts';
import type { SkippedFiles } from './skipped-files.ts';

/** What a publish was asked to publish. */
export interface Root {
  readonly path: string;
  readonly kind: 'file' | 'folder';
  /** Its path inside the share; empty for a folder that is the share. */
  readonly inside: string;
}

/**
 * The places named by a request, each once. One folder is the share itself; several places lie in it by their own
 * names, numbered where two have the same. `E_PATH_INVALID` for what is not there; links are skipped, wherever they
 * point to.
 */
export async function rootsOf(paths: readonly string[], skipped: SkippedFiles): Promise<readonly Root[]> {
  const places = [...new Set(paths.map(checkedPath))];
  const found: Pick<Root, 'path' | 'kind'>[] = [];
  for (const path of places) {
    const kind = await kindOf(path);
    if (kind === 'file' || kind === 'folder') found.push({ path, kind });
    else skipped.add(path, kind);
  }
  const taken = new Set<string>();
  return found.map(({ path, kind }) => {
    if (kind === 'folder' && places.length === 1) return { path, kind, inside: '' };
    const name = basename(path) || 'root';
    let inside = name;
    for (let count = 2; taken.has(inside); count++) inside = numbered(name, count, kind);
    taken.add(inside);
    return { path, kind, inside };
  });
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
async function kindOf(path: string): Promise<Root['kind'] | 'symlink' | 'not a regular file'> {
  try {
    const stats = await lstat(path);
    if (stats.isFile()) return 'file';
    if (stats.isDirectory()) return 'folder';
    return stats.isSymbolicLink() ? 'symlink' : 'not a regular file';
  } catch (error) {
    const refused = ioFailure(error, path);
    if (!ABSENT.has((error as NodeJS.ErrnoException).code ?? '')) throw refused;
    throw failure('E_PATH_INVALID', 'no such file or folder', { subject: path, cause: error });
  }
}

function numbered(name: string, count: number, kind: Root['kind']): string {
  const end = kind === 'file' ? extname(name) : '';
  return `${name.slice(0, name.length - end.length)} (${count})${end}`;
}
