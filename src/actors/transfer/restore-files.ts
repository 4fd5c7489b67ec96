import { blake3 } from '../../protocol/crypto/blake3.ts';
import { bytesEqual, fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import { CHUNK_HASH_LENGTH } from '../../protocol/objects/chunks.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { ChunkMap } from '../chunk-map.ts';
import { eachBounded } from '../each-bounded.ts';
import type { UnfinishedLook } from '../ledger-types.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';

const LOOKS_AT_ONCE = 8;

/**
 * Finds what an earlier run left of files that are not done. A map of chunks counts where the unfinished file looks
 * exactly as it did when the map was written down; where it does not, was it by a crash or by somebody's hand, its
 * chunks are hashed again and those that are right count. What cannot be told is begun anew.
 */
export async function restoreFiles(parts: DownloadParts, files: readonly DownloadFile[]): Promise<void> {
  const { folder, progress, keeper, signal } = parts;
  const doubtful: DownloadFile[] = [];
  await eachBounded(files, LOOKS_AT_ONCE, async (file) => {
    signal.throwIfAborted();
    const found = await folder.lookUnfinished(file.place, file.position);
    const expected = file.look;
    file.look = null;
    if (found === null) {
      file.have = ChunkMap.none(file.chunks);
      return;
    }
    file.unfinished = folder.unfinishedPath(file.place, file.position);
    file.allocated = found.allocated;
    // It has its name already: this is the other end of the link.
    if (file.state === 'done') await forget(parts, file);
    else if (!sameLook(found, expected)) doubtful.push(file);
  });
  await verifyAgain(parts, doubtful);
  for (const file of files) {
    if (file.state !== 'missing' || file.unfinished === null) continue;
    if (file.have.count === 0) {
      await forget(parts, file);
      continue;
    }
    await folder.setLength(file.unfinished, file.size);
    file.resumed = file.bytes;
    progress.resumed += file.bytes;
    keeper.changed(file);
  }
}

/** Which chunks of unfinished files are right; `have` says so afterwards. */
export async function verifyAgain(parts: DownloadParts, files: readonly DownloadFile[]): Promise<void> {
  const { context, signal } = parts;
  for (const file of files) file.have = ChunkMap.none(file.chunks);
  const known: DownloadFile[] = [];
  for (const file of files) if (await knowsHashes(parts, file)) known.push(file);
  if (known.length === 0) return;
  const paths = known.map(({ unfinished }) => unfinished!);
  for await (const event of context.refs.hashing.stream('hashFiles', { paths }, { signal })) {
    if (event.kind === 'failed') {
      context.log.warn({ path: paths[event.index], error: event.error }, 'an unfinished file cannot be read');
    }
    if (event.kind !== 'files') continue;
    for (const { index, hashes } of event.files) takeRight(known[index]!, hashes);
  }
}

/** The chunk hashes of a file from this disk, if they are here; always checked against what was signed. */
export async function knowsHashes({ context, signal }: DownloadParts, file: DownloadFile): Promise<boolean> {
  if (file.hashes !== null) return true;
  if (file.chunks === 1) {
    file.hashes = fromHex(file.contentId, CHUNK_HASH_LENGTH);
    return true;
  }
  let list: Uint8Array | null;
  try {
    list = await context.refs.store.ask('hashList', { contentId: file.contentId }, { signal });
  } catch (error) {
    if (signal.aborted || !(error instanceof ActorError)) throw error;
    return false;
  }
  const right =
    list !== null &&
    list.length === file.chunks * CHUNK_HASH_LENGTH &&
    toHex(blake3(list)) === file.chunkListHash;
  if (right) file.hashes = list;
  return right;
}

function takeRight(file: DownloadFile, found: Uint8Array): void {
  for (let chunk = 0; chunk < file.chunks; chunk++) {
    const from = chunk * CHUNK_HASH_LENGTH;
    const to = from + CHUNK_HASH_LENGTH;
    if (to > found.length) return;
    if (bytesEqual(found.subarray(from, to), file.hashes!.subarray(from, to))) file.have.add(chunk);
  }
}

async function forget({ folder, keeper }: DownloadParts, file: DownloadFile): Promise<void> {
  keeper.changed(file);
  await folder.discard(file.unfinished!);
  file.unfinished = null;
  file.allocated = false;
  file.have = ChunkMap.none(file.chunks);
}

function sameLook(found: UnfinishedLook, expected: UnfinishedLook | null): boolean {
  return (
    expected !== null &&
    found.length === expected.length &&
    found.mtimeNs === expected.mtimeNs &&
    found.inode === expected.inode
  );
}
