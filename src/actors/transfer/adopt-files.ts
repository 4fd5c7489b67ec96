import { lstat, readdir } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { failure } from '../../errors.ts';
import type { Lease } from '../content-types.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import { leasesOf } from './leases-of.ts';

/** Files of a folder that are looked at; one with more is hardly the right one. */
const MAX_FILES = 1_000_000;

/**
 * Finds files of a download in a folder of the operator's: those of the right size are hashed, those of the right name
 * first. What is right is `done` where it lies; it is neither moved nor copied nor written to. Links are not followed.
 * `E_NOT_FOUND` when there is no such folder.
 */
export async function adoptFiles(
  parts: DownloadParts,
  files: readonly DownloadFile[],
  folder: string,
): Promise<void> {
  const wanted = files.filter(({ state, size }) => state === 'missing' && size > 0);
  await takeKnown(parts, wanted, folder);
  const missing = () => wanted.filter(({ state }) => state === 'missing');
  if (missing().length === 0) return;
  const bySize = await filesBySize(folder, new Set(missing().map(({ size }) => size)), parts.signal);
  const names = new Set(missing().map(({ path }) => path.at(-1)!));
  const all = [...bySize.values()].flat();
  await takeRight(
    parts,
    missing(),
    all.filter((path) => names.has(basename(path))),
  );
  const sizes = new Set(missing().map(({ size }) => size));
  const others = [...bySize].flatMap(([size, paths]) => (sizes.has(size) ? paths : []));
  await takeRight(
    parts,
    missing(),
    others.filter((path) => !names.has(basename(path))),
  );
}

/** Those that an earlier run found there, and that look as they did then. */
async function takeKnown(
  parts: DownloadParts,
  files: readonly DownloadFile[],
  folder: string,
): Promise<void> {
  const leases = await leasesOf(parts, files);
  for (const file of files) {
    const lease = leases.get(file.contentId);
    if (lease?.path.startsWith(folder.endsWith(sep) ? folder : folder + sep) && (await looksSo(lease))) {
      take(parts, file, lease.path);
    }
  }
}

async function takeRight(
  parts: DownloadParts,
  files: readonly DownloadFile[],
  paths: readonly string[],
): Promise<void> {
  if (paths.length === 0 || files.length === 0) return;
  const byId = new Map<string, DownloadFile[]>();
  for (const file of files) byId.set(file.contentId, [...(byId.get(file.contentId) ?? []), file]);
  const { context, signal } = parts;
  for await (const event of context.refs.hashing.stream('hashFiles', { paths }, { signal })) {
    if (event.kind !== 'files') continue;
    for (const { index, contentId, hashes, chunkListHash } of event.files) {
      for (const file of byId.get(contentId) ?? []) {
        if (file.state !== 'missing' || file.chunkListHash !== chunkListHash) continue;
        take(parts, file, paths[index]!);
        void context.refs.store.ask('keepHashLists', [{ contentId, hashes }]).catch(() => {});
      }
    }
  }
}

function take(parts: DownloadParts, file: DownloadFile, path: string): void {
  const { progress, keeper, held } = parts;
  file.state = 'done';
  file.lies = path;
  file.resumed = file.size;
  progress.resumed += file.size;
  progress.files++;
  keeper.changed(file);
  held.add(file, path);
}

async function filesBySize(
  folder: string,
  sizes: ReadonlySet<number>,
  signal: AbortSignal,
): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>();
  const folders = [folder];
  let seen = 0;
  for (let at = folders.pop(); at !== undefined; at = folders.pop()) {
    signal.throwIfAborted();
    const entries = await readdir(at, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      if (at !== folder) return [];
      throw failure('E_NOT_FOUND', `the folder cannot be read: ${error.message}`, { subject: folder });
    });
    for (const entry of entries) {
      const path = join(at, entry.name);
      if (entry.isDirectory()) folders.push(path);
      if (!entry.isFile() || ++seen > MAX_FILES) continue;
      const size = (await lstat(path).catch(() => null))?.size;
      if (size === undefined || !sizes.has(size)) continue;
      found.set(size, [...(found.get(size) ?? []), path]);
    }
  }
  return found;
}

async function looksSo(lease: Lease): Promise<boolean> {
  const found = await lstat(lease.path, { bigint: true }).catch(() => null);
  return (
    found?.isFile() === true &&
    found.size === BigInt(lease.size) &&
    found.mtimeNs === lease.mtimeNs &&
    found.ino === lease.inode
  );
}
