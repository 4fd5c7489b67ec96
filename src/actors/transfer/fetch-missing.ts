import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { PeerTarget } from '../transport/contract.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import { FetchWork } from './fetch-work.ts';
import { findInDht, findProviders, noProvider } from './find-providers.ts';
import type { Finisher } from './finisher.ts';
import { keepFetching } from './keep-fetching.ts';
import { Provider } from './provider.ts';

/** A small download is over before a second provider is asked. */
const NEXT_PROVIDER_MS = 250;
/** Chunks that an earlier run had and this disk lost are fetched anew; a disk that goes on losing them is of no use. */
const MAX_ROUNDS = 3;

/** How the asking of all providers ended. */
export interface FetchOutcome {
  /** Addresses of those that gave something. */
  readonly providers: readonly string[];
  /** Why files are missing that have no error of their own. */
  readonly error: ActorError;
}

/**
 * Fetches files from the providers of their shares, all of them at once: the first at once, another one every quarter of
 * a second, and sooner when one cannot be reached. Rejects only for what concerns the whole download; else the states of
 * the files say what was had. `begins` is given what hears of chunks that were lost again.
 */
export async function fetchMissing(
  parts: DownloadParts,
  target: string,
  shareIds: readonly string[],
  files: readonly DownloadFile[],
  finisher: Pick<Finisher, 'fetched' | 'idle'>,
  begins: (work: FetchWork) => void,
): Promise<FetchOutcome> {
  const unreachable = new Map<PeerTarget, ActorError>();
  const useful = new Set<string>();
  let error: ActorError | null = null;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const missing = files.filter(({ state }) => state === 'missing');
    if (missing.length === 0) break;
    const work = new FetchWork(parts, missing, finisher);
    begins(work);
    if (!work.crew.over) await fetchFromAll(work, shareIds, unreachable);
    parts.signal.throwIfAborted();
    await finisher.idle();
    for (const address of work.useful) useful.add(address);
    error ??= work.error;
    // Whatever is missing now, nobody has; only what was lost again is worth another round.
    if (work.schedule.left > 0 && !work.lost) break;
  }
  return { providers: [...useful], error: error ?? noProvider(target, [...unreachable]) };
}

async function fetchFromAll(
  work: FetchWork,
  shareIds: readonly string[],
  unreachable: Map<PeerTarget, ActorError>,
): Promise<void> {
  const { parts, crew } = work;
  const starter = {};
  crew.join(starter);
  const running: Promise<void>[] = [];
  const begun = new Set<string>();
  const begin = async (targets: readonly PeerTarget[]) => {
    for (const target of targets) {
      if (crew.over || parts.signal.aborted) break;
      // Whom the DHT names may be at work, or have failed, already.
      const places = [target.address, ...(target.also ?? [])];
      if (places.every((place) => begun.has(place))) continue;
      for (const place of places) begun.add(place);
      const provider = new Provider(parts.context, target);
      const tried = new AbortController();
      const failed = (error: ActorError) => {
        tried.abort();
        unreachable.set(target, error);
      };
      const fetching = keepFetching(work, provider, failed).catch(parts.abort);
      running.push(fetching.finally(() => tried.abort()));
      const next = AbortSignal.any([parts.signal, crew.ended, tried.signal]);
      await sleep(parts.context.clock, NEXT_PROVIDER_MS, next).catch(() => {});
    }
  };
  try {
    await begin(await findProviders(parts.context, shareIds, parts.signal));
    if (!crew.over && !parts.signal.aborted) {
      const ends = AbortSignal.any([parts.signal, crew.ended]);
      await begin(await findInDht(parts.context, shareIds, work.contentIds, ends));
    }
  } finally {
    crew.leave(starter);
    await Promise.all(running);
  }
  parts.signal.throwIfAborted();
}
