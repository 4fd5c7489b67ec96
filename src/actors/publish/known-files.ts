import { sep } from 'node:path';
import type { ShareSource } from '../content-types.ts';
import type { OwnShare } from '../share-types.ts';
import type { PublishContext } from './context.ts';
import type { FileWalk, FoundFile } from './file-walk.ts';
import type { KnownFile } from './hash-changed.ts';
import { type SkippedFiles, STILL_WRITTEN } from './skipped-files.ts';

/** Paths in one question about the journal. */
const PAGE = 1000;

/** What of a share needs no hashing, and what does. */
export interface SplitFiles {
  readonly known: KnownFile[];
  readonly changed: FoundFile[];
}

/** What looks as it did when it was hashed keeps its hashes. */
export function splitByChange(files: readonly FoundFile[], sources: Iterable<ShareSource>): SplitFiles {
  const byPath = new Map<string, ShareSource>();
  for (const source of sources) if (source.hashed) byPath.set(source.path, source);
  const split: SplitFiles = { known: [], changed: [] };
  for (const file of files) {
    const last = byPath.get(file.path);
    if (last === undefined || !looksAlike(last, file)) split.changed.push(file);
    else split.known.push(knownFile(last, file.inside));
  }
  return split;
}

/** The files of the last revision of a share and of its volumes, and which volume each is in. */
export async function lastRevision(
  { refs }: PublishContext,
  share: OwnShare | undefined,
  signal: AbortSignal,
): Promise<{ before: readonly ShareSource[]; volumeOf: ReadonlyMap<string, number> }> {
  if (share === undefined) return { before: [], volumeOf: new Map() };
  const before = [...(await refs.store.ask('sourcesOf', { shareId: share.shareId }, { signal }))];
  const volumeOf = new Map<string, number>();
  if (share.volumes === 0) return { before, volumeOf };
  for (const { shareId, volume } of await refs.store.ask(
    'ownVolumes',
    { shareId: share.shareId },
    { signal },
  )) {
    for (const source of await refs.store.ask('sourcesOf', { shareId }, { signal })) {
      before.push(source);
      if (source.inside !== null) volumeOf.set(source.inside, volume);
    }
  }
  return { before, volumeOf };
}

/** By the last revision, and by what a publish that was cut off has hashed since. */
export async function splitFiles(
  { refs }: PublishContext,
  files: readonly FoundFile[],
  sources: readonly ShareSource[],
  signal: AbortSignal,
): Promise<SplitFiles> {
  const { known, changed } = splitByChange(files, sources);
  const journaled: ShareSource[] = [];
  for (let at = 0; at < changed.length; at += PAGE) {
    const paths = changed.slice(at, at + PAGE).map(({ path }) => path);
    journaled.push(...(await refs.store.ask('journaled', { paths }, { signal })));
  }
  if (journaled.length === 0) return { known, changed };
  const more = splitByChange(changed, journaled);
  return { known: [...known, ...more.known], changed: more.changed };
}

/**
 * The files of the last revision in places that could not be looked at: they stay in the share, because a disk that is
 * not mounted withdraws nothing. `inside` of what was published before it was kept is made from the place.
 */
export function keptOffline(
  places: readonly { readonly path: string; readonly inside: string }[],
  sources: readonly ShareSource[],
): KnownFile[] {
  if (places.length === 0) return [];
  return sources.flatMap((source) => {
    const place = places.find(({ path }) => source.path === path || source.path.startsWith(withEnd(path)));
    if (place === undefined) return [];
    const below = source.path.slice(place.path.length).split(sep).filter(Boolean);
    const inside = [place.inside, ...below].filter(Boolean).join('/');
    return [knownFile(source, source.inside ?? inside)];
  });
}

/** Takes the files out of the walk that somebody may still be writing. */
export function takeBusy(
  walk: FileWalk,
  wall: number,
  restMs: number,
  skipped: SkippedFiles,
): readonly FoundFile[] {
  if (restMs === 0) return [];
  // A time in the future is somebody's mistake, and no reason to wait for it.
  const isBusy = ({ mtimeNs }: FoundFile) => Math.abs(wall - Number(mtimeNs / 1_000_000n)) < restMs;
  const busy = walk.takeOut(isBusy);
  for (const { path } of busy) skipped.add(path, STILL_WRITTEN);
  return busy;
}

/** Those of them that were in the share before stay in it. */
export function keptBusy(busy: readonly FoundFile[], sources: readonly ShareSource[]): KnownFile[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  return busy.flatMap(({ path, inside }) => {
    const source = byPath.get(path);
    return source === undefined ? [] : knownFile(source, inside);
  });
}

function knownFile(source: ShareSource, inside: string): KnownFile {
  const { contentId, path, size, mtimeNs, ctimeNs, inode, chunkListHash } = source;
  return { inside, chunkListHash, source: { contentId, path, size, mtimeNs, ctimeNs, inode } };
}

function looksAlike(last: ShareSource, file: FoundFile): boolean {
  return (
    last.size === file.size &&
    last.mtimeNs === file.mtimeNs &&
    last.ctimeNs === file.ctimeNs &&
    last.inode === file.inode
  );
}

const withEnd = (path: string): string => (path.endsWith(sep) ? path : path + sep);
