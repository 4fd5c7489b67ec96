import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { failure, ioFailure } from '../../../errors.ts';
import { CHUNK_SIZE, chunkCount } from '../../../protocol/objects/chunks.ts';
import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import { ChunkMap } from '../../chunk-map.ts';
import type { HeldEntry, WrongFile } from '../../recheck-types.ts';
import type { TransferContext } from '../context.ts';
import { DistinctPlaces } from '../distinct-places.ts';
import { DownloadFile } from '../download-file.ts';
import type { DownloadParts } from '../download-parts.ts';
import { fetchMissing } from '../fetch-missing.ts';
import { HeldKeeper } from '../held-keeper.ts';
import { ProgressMeter } from '../progress-meter.ts';
import { SpentTimes } from '../spent-times.ts';
import { TargetFolder } from '../target-folder.ts';
import { setLength, statOf, withOpen } from '../with-open.ts';
import { badCount, badMap } from './bad-chunks.ts';
import { FileCheck } from './file-check.ts';
import type { RecheckRun } from './look-at-files.ts';

const PAGE = 1_000;
/** Files whose chunks are asked for together. */
const AT_ONCE = 32;
/** Chunks in one question to the pool. */
const CHUNKS_A_PART = 64;

/** What is mended: octets that lie there and are others. What is not there, or cannot be opened, is not. */
const MENDED = new Set<WrongFile['state']>(['damaged', 'short', 'long', 'unreadable']);

/**
 * Fetches what is wrong of downloads, chunk by chunk, into the files as they lie there, and serves them again once they were
 * read from their begin to their end. Files of own shares, and those that lay here before, are never written to.
 */
export async function repairFiles(run: RecheckRun): Promise<void> {
  const { context, recheck, signal } = run;
  let after: WrongFile | null = null;
  for (;;) {
    const request = {
      shareId: recheck.shareId,
      after: after && { own: after.own, path: after.path },
      limit: PAGE,
    };
    const found: readonly WrongFile[] = await context.refs.store.ask('wrongFiles', request, { signal });
    const wanted = found.filter(isMended);
    for (let at = 0; at < wanted.length; at += AT_ONCE) await repairSome(run, wanted.slice(at, at + AT_ONCE));
    after = found.at(-1) ?? null;
    if (after === null) return;
  }
}

/** Whether a file is one that is written to. */
export function isMended(file: WrongFile): boolean {
  const { own, adopted, state, bad } = file;
  const isKnown = state !== 'unreadable' || bad !== null;
  return !own && !adopted && MENDED.has(state) && isKnown && file.repaired < badCount(file);
}

async function repairSome(run: RecheckRun, files: readonly WrongFile[]): Promise<void> {
  const { context, recheck, signal } = run;
  const from = context.clock.now();
  const mended = new Set<WrongFile>();
  const reasons = new Map<WrongFile, string>();
  const refused = (file: WrongFile) => (error: unknown) => {
    if (signal.aborted || !(error instanceof ActorError)) throw error;
    reasons.set(file, error.message);
    return null;
  };
  const begun = new Map<DownloadFile, WrongFile>();
  const shareIds = new Set<string>();
  for (const file of files) {
    const opened = await openForRepair(context, file, begun.size).catch(refused(file));
    if (opened === null) continue;
    begun.set(opened, file);
    for (const shareId of await sharesOf(context, file, signal)) shareIds.add(shareId);
  }
  const came = new Mended(async (file) => {
    const wrong = begun.get(file)!;
    if ((await readAgain(context, file, signal).catch(refused(wrong))) === true) mended.add(wrong);
  });
  const parts = partsOf(context, files[0]!, [...shareIds], signal, came);
  try {
    const wanted = [...begun.keys()];
    const outcome = await fetchMissing(parts, files[0]!.path, [...shareIds], wanted, came, () => {});
    await came.idle();
    for (const [file, wrong] of begun) {
      if (!mended.has(wrong) && !reasons.has(wrong))
        reasons.set(wrong, (file.error ?? outcome.error).message);
    }
  } catch (error) {
    if (signal.aborted || !(error instanceof ActorError)) throw error;
    for (const wrong of begun.values()) if (!mended.has(wrong)) reasons.set(wrong, error.message);
  }
  const told = files.map((file) => ({
    ...file,
    repaired: mended.has(file) ? badCount(file) : file.repaired,
    reason: mended.has(file) ? null : (reasons.get(file) ?? file.reason),
  }));
  for (const file of mended) {
    recheck.repaired += badCount(file);
    context.metrics.add('chunks_repaired', badCount(file));
    context.log.info({ path: file.path, chunks: badCount(file) }, 'a file is as it should be again');
  }
  recheck.seconds += (context.clock.now() - from) / 1000;
  await context.refs.store.ask(
    'noteRecheck',
    { recheck: recheck.stored(), wrong: told, anew: false },
    { signal },
  );
}

/** Brings the file to its length, and says which of its chunks are to come. Throws why it is not to be written to. */
async function openForRepair(
  { refs }: TransferContext,
  wrong: WrongFile,
  position: number,
): Promise<DownloadFile> {
  const { path, contentId, size, chunkListHash } = wrong;
  const holder = await refs.store.ask('holderOf', { path });
  if (holder.published) throw failure('E_FILE_CHANGED', 'it is published from here, and so never written to');
  if (holder.contentId !== contentId) throw failure('E_FILE_CHANGED', 'another file is held there meanwhile');
  try {
    const flags = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await withOpen(path, flags, 0o600, async (fd) => {
      const found = await statOf(fd);
      if (!found.isFile()) throw failure('E_PATH_INVALID', 'not a regular file', { subject: path });
      if (found.size !== size) await setLength(fd, size);
    });
  } catch (error) {
    throw error instanceof ActorError ? error : ioFailure(error, path);
  }
  const download = new DownloadFile({ position, contentId, size, chunkListHash }, [path], [path]);
  download.unfinished = path;
  download.have = badMap(wrong)?.rest() ?? ChunkMap.none(chunkCount(size));
  // Its list is looked for on this disk before anybody is asked for it.
  download.resumed = Math.max(1, download.bytes);
  return download;
}

/** Shares that list it: those who offer them are asked, and whoever this node is connected to. */
async function sharesOf(
  { refs }: TransferContext,
  { contentId }: WrongFile,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    // The first page: that many shares are enough to ask.
    const { items } = await refs.store.ask('resolve', { target: contentId, cursor: 0 }, { signal });
    return items.map(({ shareId }) => shareId);
  } catch (error) {
    if (error instanceof ActorError && error.code === 'E_NOT_FOUND') return [];
    throw error;
  }
}

/** Syncs the file, reads all of it, and has it served if every chunk is right. */
async function readAgain(
  context: TransferContext,
  file: DownloadFile,
  signal: AbortSignal,
): Promise<boolean> {
  const { contentId, size, chunks, chunkListHash, hashes } = file;
  const path = file.unfinished!;
  await new TargetFolder(dirname(path), '').sync(path);
  const entry: HeldEntry = {
    ...{ contentId, path, size, chunkCount: chunks, chunkListHash, adopted: false, place: null },
    ...{ shareId: null, mtimeNs: 0n, ctimeNs: 0n, inode: 0n, epoch: 0, gone: true, damaged: false },
  };
  const check = new FileCheck(entry);
  check.compareWith(hashes);
  const firsts = Array.from({ length: Math.ceil(chunks / CHUNKS_A_PART) || 1 }, (_, i) => i * CHUNKS_A_PART);
  const ends = firsts.map((first) => Math.min(first + CHUNKS_A_PART, chunks));
  const parts = firsts.map((first, i) => ({
    ...{ path, from: first * CHUNK_SIZE, to: Math.min(ends[i]! * CHUNK_SIZE, size) },
  }));
  for await (const event of context.refs.hashing.stream('checkParts', { parts, gentle: false }, { signal })) {
    if (event.kind === 'failed') check.fail(firsts[event.index]!, ends[event.index]!, event.error);
    else for (const part of event.parts) check.take(firsts[part.index]!, ends[part.index]!, part);
  }
  const outcome = check.outcome();
  if (outcome.state !== 'right') throw failure('E_IO', 'it is not what was written to it', { subject: path });
  const held = { ...entry, ...outcome.look };
  const { mtimeNs, ctimeNs, inode } = held;
  await context.refs.store.ask(
    'holdFiles',
    [
      {
        ...{ contentId, path, size, chunkCount: chunks, chunkListHash },
        mtimeNs,
        ctimeNs,
        inode,
        adopted: false,
      },
    ],
    { signal },
  );
  return true;
}

/** What hears of files whose chunks have all come. */
class Mended {
  readonly #work: (file: DownloadFile) => Promise<void>;
  readonly #end = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(work: (file: DownloadFile) => Promise<void>) {
    this.#work = work;
  }

  readonly failed = (error: unknown): void => this.#end.abort(error);

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  fetched(file: DownloadFile): void {
    file.state = 'done';
    const work = this.#running.then(() => this.#work(file));
    this.#running = work.catch(this.failed);
  }

  async idle(): Promise<void> {
    await this.#running;
    this.#end.signal.throwIfAborted();
  }
}

/** The same as for a download, but for what is about names: the files have theirs. */
function partsOf(
  context: TransferContext,
  { path }: WrongFile,
  shareIds: readonly string[],
  signal: AbortSignal,
  came: Mended,
): DownloadParts {
  return {
    context,
    shareIds,
    order: () => ({ kind: 'spread', seed: 0 }),
    folder: new TargetFolder(dirname(path), ''),
    places: new DistinctPlaces(),
    progress: new ProgressMeter(),
    keeper: { changed() {} },
    held: new HeldKeeper(context, () => {}),
    spent: new SpentTimes(context.clock),
    signal: AbortSignal.any([signal, came.signal]),
    abort: came.failed,
  };
}
