import type { BigIntStats } from 'node:fs';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { GoneSource, JudgedSource } from '../content-types.ts';
import type { ShareRoot } from '../share-types.ts';
import type { PublishContext } from './context.ts';
import type { ItemState, ShareState } from './contract.ts';
import type { FileLooks } from './file-looks.ts';
import { isOffline } from './roots.ts';

/** Between two looks at what was not there. */
const PACE_MS = 30_000;
/** Pages of sources looked at in one go: 10,000 of a folder that is gone for good must not keep the disk busy. */
const PAGES = 10;
/** Files in one question. */
const MOST = 1000;

const WORST_FIRST: readonly ItemState[] = ['missing', 'damaged', 'stale'];

/** The states of files of one own share. */
export async function itemStates(
  looks: FileLooks,
  roots: readonly ShareRoot[],
  sources: readonly (JudgedSource | null)[],
): Promise<readonly ItemState[]> {
  return await statesOf(looks, sources.slice(0, MOST), offlineRoots(roots));
}

/** What is known of a share without looking at each of its files: whether its places are there, and what was missed. */
export async function shareStates(
  { refs }: PublishContext,
  looks: FileLooks,
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
    const seen = new Set(await statesOf(looks, missed, offline));
    const state = offline.length > 0 ? 'offline' : WORST_FIRST.find((each) => seen.has(each));
    states.push({ shareId: share.shareId, state: state ?? 'ok' });
  }
  return states;
}

/** Brings back, until the actor stops, what was not there and is again as it was: a disk that is mounted again. */
export async function lookAgain(context: PublishContext, looks: FileLooks): Promise<void> {
  const { clock, log, signal } = context;
  let after: GoneSource | null = null;
  for (;;) {
    await sleep(clock, PACE_MS, signal);
    try {
      after = await onePass(context, looks, after);
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      log.debug({ code: error.code }, 'files that were not there could not be looked for');
    }
  }
}

/** Where the next pass goes on; null: from the beginning. */
async function onePass(
  { refs, log, signal }: PublishContext,
  looks: FileLooks,
  from: GoneSource | null,
): Promise<GoneSource | null> {
  let after = from;
  for (let page = 0; page < PAGES; page++) {
    const gone = await refs.store.ask('goneSources', { after }, { signal });
    const states = await statesOf(looks, gone, []);
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

async function statesOf(
  looks: FileLooks,
  sources: readonly (JudgedSource | null)[],
  offline: readonly ShareRoot[] | Promise<readonly ShareRoot[]>,
): Promise<readonly ItemState[]> {
  const paths = sources.flatMap((source) => source?.path ?? []);
  const [found, away] = await Promise.all([looks.at(paths), offline]);
  const stats = new Map(paths.map((path, i) => [path, found[i]!]));
  return sources.map((source) =>
    source === null ? 'missing' : stateOf(source, stats.get(source.path) ?? null, away),
  );
}

function stateOf(source: JudgedSource, stats: BigIntStats | null, offline: readonly ShareRoot[]): ItemState {
  const { path } = source;
  if (offline.some((root) => path === root.path || path.startsWith(`${root.path}/`))) return 'offline';
  if (stats === null) return 'missing';
  const alike =
    stats.isFile() &&
    Number(stats.size) === source.size &&
    stats.mtimeNs === source.mtimeNs &&
    stats.ctimeNs === source.ctimeNs &&
    stats.ino === source.inode;
  if (!alike) return 'stale';
  return source.damaged ? 'damaged' : 'ok';
}
