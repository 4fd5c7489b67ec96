import { CHUNK_HASH_LENGTH } from '../../../protocol/objects/chunks.ts';
import { sleep } from '../../../supervisor/contract/clock.ts';
import type { FileVerdict, HeldEntry, WrongFile } from '../../recheck-types.ts';
import type { TransferContext } from '../context.ts';
import { badCount } from './bad-chunks.ts';
import { type FileCheck, type Look, sameLook } from './file-check.ts';
import { MissingFiles } from './missing-files.ts';
import { PageFeed, type PagePart } from './page-feed.ts';
import type { Recheck } from './recheck.ts';

/** What is read between two notes of how far it is, and lost when the process is killed, twice. */
const PAGE_OCTETS = 128 << 20;
/** While downloads are under way: less at a time, one thread, and as long a rest after it. */
const GENTLE_OCTETS = 32 << 20;
const MAX_REST_MS = 2_000;
/** Files told of in the log, one by one. */
const MAX_LOGGED = 100;

export interface RecheckRun {
  readonly context: TransferContext;
  readonly recheck: Recheck;
  /** Whether downloads are under way. */
  readonly isBusy: () => boolean;
  readonly signal: AbortSignal;
}

/** What was compared of a page. */
interface Compared {
  readonly chunks: number;
  readonly bytes: number;
}

interface Reading {
  readonly parts: readonly PagePart[];
  readonly read: Promise<Compared>;
}

/**
 * Reads every file that is to be checked, from where an earlier run was, and has the store note what comes of it page by
 * page: two pages are under way, so that the threads never wait for one. Rejects with the signal's reason.
 */
export async function lookAtFiles(run: RecheckRun): Promise<void> {
  const { context, recheck, isBusy } = run;
  const end = new AbortController();
  const signal = AbortSignal.any([run.signal, end.signal]);
  const feed = new PageFeed(context, recheck, signal);
  const pages = new PageNotes(run);
  const reading: Reading[] = [];
  try {
    for (;;) {
      const gentle = isBusy();
      while (reading.length < (gentle ? 1 : 2)) {
        const parts = await feed.next(gentle ? GENTLE_OCTETS : PAGE_OCTETS);
        if (parts === null) break;
        const read = readPage(context, parts, gentle, recheck, signal);
        // Whoever waits for it hears of it.
        read.catch(() => {});
        reading.push({ parts, read });
      }
      const page = reading.shift();
      if (page === undefined) break;
      const from = context.clock.now();
      await pages.note(page.parts, await page.read, signal);
      const rest = Math.min(MAX_REST_MS, context.clock.now() - from);
      if (gentle) await sleep(context.clock, rest, signal);
    }
  } finally {
    end.abort();
    await Promise.allSettled(reading.map(({ read }) => read));
    recheck.live = 0;
  }
}

async function readPage(
  { refs, metrics }: TransferContext,
  parts: readonly PagePart[],
  gentle: boolean,
  recheck: Recheck,
  signal: AbortSignal,
): Promise<Compared> {
  let [chunks, bytes] = [0, 0];
  const request = { parts: parts.map(({ octets }) => octets), gentle };
  const read = ({ octets }: PagePart) => {
    recheck.live += octets.to - octets.from;
  };
  for await (const event of refs.hashing.stream('checkParts', request, { signal })) {
    if (event.kind === 'failed') {
      const part = parts[event.index]!;
      part.check.fail(part.first, part.end, event.error);
      read(part);
      continue;
    }
    for (const checked of event.parts) {
      const part = parts[checked.index]!;
      const compared = part.check.take(part.first, part.end, checked);
      chunks += checked.hashes.length / CHUNK_HASH_LENGTH;
      bytes += compared;
      metrics.add('bytes_rechecked', compared);
      read(part);
    }
  }
  return { chunks, bytes };
}

/** Takes pages that were read, in order, and notes what came of their files. */
class PageNotes {
  readonly #run: RecheckRun;
  readonly #missing: MissingFiles;
  #notedAt: number;
  #logged = 0;

  constructor(run: RecheckRun) {
    this.#run = run;
    this.#missing = new MissingFiles(run.context);
    this.#notedAt = run.context.clock.now();
  }

  async note(parts: readonly PagePart[], { chunks, bytes }: Compared, signal: AbortSignal): Promise<void> {
    const { context, recheck } = this.#run;
    recheck.count(0, chunks, bytes);
    const wrong: WrongFile[] = [];
    const verdicts: FileVerdict[] = [];
    const restored: { contentId: string; hashes: Uint8Array }[] = [];
    const forgotten: HeldEntry[] = [];
    for (const { check, octets, last } of parts) {
      recheck.passed += octets.to - octets.from;
      recheck.live -= octets.to - octets.from;
      if (!last) continue;
      const { file, verdict } = await this.#settle(check);
      if (file !== null) wrong.push(file);
      if (recheck.forget && file !== null && isGone(file)) forgotten.push(check.entry);
      else if (verdict !== null) verdicts.push(verdict);
      if (file === null && check.restored !== null) {
        restored.push({ contentId: check.entry.contentId, hashes: check.restored });
      }
      recheck.count(1, 0, 0);
      recheck.after = check.entry;
    }
    recheck.part = partOf(parts.at(-1)!);
    for (const file of wrong) {
      recheck.bad += badCount(file);
      context.metrics.add('chunks_bad', badCount(file));
      this.#log(file);
    }
    const now = context.clock.now();
    recheck.seconds += (now - this.#notedAt) / 1000;
    this.#notedAt = now;
    const { store } = context.refs;
    if (restored.length > 0) await store.ask('putHashLists', restored, { signal });
    if (verdicts.length > 0) await store.ask('judgeFiles', verdicts, { signal });
    await store.ask('noteRecheck', { recheck: recheck.stored(), wrong, anew: false }, { signal });
    if (forgotten.length > 0) await store.ask('forgetHeld', forgotten, { signal });
  }

  /** What is to be said of a file, and what the store does not know of it yet. */
  async #settle(check: FileCheck): Promise<{ file: WrongFile | null; verdict: FileVerdict | null }> {
    const { entry } = check;
    const outcome = check.outcome();
    if (outcome.state === 'right') return { file: null, verdict: verdictOf(check, outcome.look, false) };
    const state =
      outcome.state === 'missing' && (await this.#missing.isOffline(entry)) ? 'offline' : outcome.state;
    const { path, contentId, size, chunkListHash, adopted } = entry;
    const own = entry.place !== null;
    const known = check.hasList && outcome.found !== null;
    const file: WrongFile = {
      ...{ path, contentId, own, adopted, state, size, chunkListHash },
      ...{ found: outcome.found, bad: known ? check.bad.octets : null, repaired: 0, reason: outcome.reason },
    };
    // What looks as it did would come back by its look, also where the disk does not give all of it.
    const damaged = state === 'damaged' || (state === 'unreadable' && outcome.found !== null);
    // Whoever writes it at this moment may be about to make it right.
    const verdict = state === 'busy' ? null : verdictOf(check, null, damaged);
    return { file, verdict };
  }

  #log({ path, state, own, reason }: WrongFile): void {
    if (this.#logged++ > MAX_LOGGED) return;
    const { log } = this.#run.context;
    if (this.#logged > MAX_LOGGED)
      log.warn({}, 'more files are not as they should be: granary verify --status');
    else log.warn({ path, state, own, reason }, 'a file is not as it should be');
  }
}

const isGone = ({ own, state }: WrongFile): boolean => !own && (state === 'missing' || state === 'offline');

/** Null: the store knows it so already. */
function verdictOf({ entry }: FileCheck, right: Look | null, damaged: boolean): FileVerdict | null {
  const { place, path, contentId, epoch } = entry;
  const same =
    right === null ? entry.gone && entry.damaged === damaged : !entry.gone && sameLook(entry, right);
  return same ? null : { place, path, contentId, epoch, right, damaged };
}

/** How far a file is whose rest comes with the next page. */
function partOf({ check, end, last }: PagePart): Recheck['part'] {
  if (last || !check.hasList || check.look === null) return null;
  const { mtimeNs, inode } = check.look;
  return { path: check.entry.path, chunk: end, mtimeNs, inode, bad: check.bad.octets.slice() };
}
