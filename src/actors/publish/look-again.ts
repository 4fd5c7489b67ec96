import { lstat } from 'node:fs/promises';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { GoneSource, JudgedSource } from '../content-types.ts';
import type { ShareRoot } from '../share-types.ts';
import type { PublishContext } from './context.ts';
import type { ItemState, ShareState } from './contract.ts';
import { isOffline } from './roots.ts';

/** Between two looks at what was not there. */
const PACE_MS = 30_000;
/** Pages of sources looked at in one go: 10,000 of a folder that is gone for good must not keep the disk busy. */
const PAGES = 10;
/** Files in one question. */
const MOST = 1000;
/** Looks at once. */
const PORTION = 64;

const WORST_FIRST: readonly ItemState[] = ['missing', 'damaged', 'stale'];

/** The states of files of one own share. */
export async function itemStates(
  roots: readonly ShareRoot[],
  sources: readonly (JudgedSource | null)[],
): Promise<readonly ItemState[]> {
  const offline = await offlineRoots(roots);
  return await inPortions(sources.slice(0, MOST), (source) => stateOf(source, offline));
}

/** What is known of a share without looking at each of its files: whether its places are there, and what was missed. */
export async function shareStates(
  { refs }: PublishContext,
  signal: AbortSignal,
): Promise<readonly ShareState[]> {
  const [shares, gone] = await Promise.all([
    refs.store.ask('ownShares', null, { signal }),
    refs.store.ask('goneSources', { after: null }, { signal }),
  ]);
  const states: ShareState[] = [];
  for (const share of shares) {
    const offline = await offlineRoots(share.roots);
    const missed = gone.filter(({ shareId }) => shareId === share.shareId);
    const seen = new Set(await inPortions(missed, (source) => stateOf(source, offline)));
    const state = offline.length > 0 ? 'offline' : WORST_FIRST.find((each) => seen.has(each));
    states.push({ shareId: share.shareId, state: state ?? 'ok' });
  }
  return states;
}

/** Brings back, until the actor stops, what was not there and is again as it was: a disk that is mounted again. */
export async function lookAgain(context: PublishContext): Promise<void> {
  const { clock, log, signal } = context;
  let after: GoneSource | null = null;
  for (;;) {
    await sleep(clock, PACE_MS, signal);
    try {
      after = await onePass(context, after);
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      log.debug({ code: error.code }, 'files that were not there could not be looked for');
    }
  }
}

/** Where the next pass goes on; null: from the beginning. */
async function onePass(
  { refs, log, signal }: PublishContext,
  from: GoneSource | null,
): Promise<GoneSource | null> {
  let after = from;
  for (let page = 0; page < PAGES; page++) {
    const gone = await refs.store.ask('goneSources', { after }, { signal });
    const states = await inPortions(gone, (source) => stateOf(source, []));
    const back = gone.filter((_, i) => states[i] === 'ok');
    if (back.length > 0) {
      log.info({ files: back.length }, 'files that were not there are back');
      await refs.store.ask(
        'sourcesBack',
        back.map(({ contentId, path, epoch }) => ({ contentId, path, epoch })),
        { signal },
      );
    }
    after = gone.at(-1) ?? null;
    if (after === null) return null;
  }
  return after;
}

async function offlineRoots(roots: readonly ShareRoot[]): Promise<readonly ShareRoot[]> {
  const offline = await Promise.all(roots.map(isOffline));
  return roots.filter((_, i) => offline[i]);
}

async function stateOf(source: JudgedSource | null, offline: readonly ShareRoot[]): Promise<ItemState> {
  if (source === null) return 'missing';
  const { path } = source;
  if (offline.some((root) => path === root.path || path.startsWith(`${root.path}/`))) return 'offline';
  try {
    const stats = await lstat(path, { bigint: true });
    const alike =
      stats.isFile() &&
      Number(stats.size) === source.size &&
      stats.mtimeNs === source.mtimeNs &&
      stats.ctimeNs === source.ctimeNs &&
      stats.ino === source.inode;
    if (!alike) return 'stale';
    return source.damaged ? 'damaged' : 'ok';
  } catch {
    return 'missing';
  }
}

async function inPortions<T, R>(items: readonly T[], look: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += PORTION) {
    results.push(...(await Promise.all(items.slice(at, at + PORTION).map(look))));
  }
  return results;
}
