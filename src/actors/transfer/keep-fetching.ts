import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { moreTelling } from '../telling-error.ts';
import type { FetchWork } from './fetch-work.ts';
import type { Provider } from './provider.ts';
import { ProviderFetch } from './provider-fetch.ts';

/** How long a provider that failed is left alone: after the first, the second, ... failure in a row. */
const REST_MS = [1_000, 4_000, 15_000];
const LONG_REST_MS = 60_000;

/**
 * One provider for the whole of a download: connected, asked, and after a failure asked again. One that has been of use
 * keeps the download waiting for three attempts; any other is asked again only while others are at work.
 */
export async function keepFetching(
  work: FetchWork,
  provider: Provider,
  failed: (error: ActorError) => void,
): Promise<void> {
  const { parts, crew, schedule } = work;
  const member = {};
  const signal = AbortSignal.any([parts.signal, crew.ended]);
  const id = schedule.join();
  let wasUseful = false;
  let failures = 0;
  crew.join(member);
  try {
    while (!crew.over) {
      let error = await refusalOf(provider, signal);
      if (crew.over) return;
      if (error === null) {
        const key = provider.nodeKey ?? provider.target.address;
        if (work.keys.has(key)) return;
        work.keys.add(key);
        parts.progress.peers++;
        const fetch = new ProviderFetch(work, member, id, provider);
        try {
          error = await fetch.run();
        } finally {
          work.keys.delete(key);
          parts.progress.peers--;
        }
        if (error === null) return;
        work.error = moreTelling(work.error, error);
        if (fetch.useful) failures = 0;
        wasUseful ||= fetch.useful;
      }
      failed(error);
      parts.context.log.info(
        { peer: provider.target.address, chunks: schedule.left, code: error.code, reason: error.message },
        'a provider failed',
      );
      if (error.code === 'E_PEER_IDENTITY') return;
      const rest = REST_MS[failures++] ?? LONG_REST_MS;
      if (!wasUseful || failures > REST_MS.length) crew.rest(member);
      await sleep(parts.context.clock, rest, signal).catch(() => {});
      parts.signal.throwIfAborted();
      crew.back(member);
    }
  } finally {
    schedule.leave(id);
    crew.leave(member);
    crew.changed();
  }
}

async function refusalOf(provider: Provider, signal: AbortSignal): Promise<ActorError | null> {
  try {
    await provider.connect(signal);
    return null;
  } catch (error) {
    if (!(error instanceof ActorError)) throw error;
    return error;
  }
}
