import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { PeerTarget } from '../transport/contract.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import { findProviders, noProvider } from './find-providers.ts';
import type { Finisher } from './finisher.ts';
import { Provider } from './provider.ts';
import { ProviderFetch } from './provider-fetch.ts';

/** How the asking of all providers ended. */
export interface FetchOutcome {
  /** Addresses of those that gave something. */
  readonly providers: readonly string[];
  /** Why files are missing that have no error of their own. */
  readonly error: ActorError;
}

/**
 * Fetches files from the providers of their shares, one provider after the other, each for what those before it did
 * not give. Rejects only for what concerns the whole download; else the states of the files say what was had.
 */
export async function fetchMissing(
  parts: DownloadParts,
  target: string,
  shareIds: readonly string[],
  files: readonly DownloadFile[],
  finisher: Finisher,
): Promise<FetchOutcome> {
  const { context, progress, signal } = parts;
  const providers: string[] = [];
  const unreachable: [PeerTarget, ActorError][] = [];
  let error: ActorError | null = null;
  let missing = files;
  const candidates = files.length === 0 ? [] : await findProviders(context, shareIds, signal);
  for (const candidate of candidates) {
    if (missing.length === 0) break;
    const provider = new Provider(context, candidate);
    const refusal = await refusalOf(provider, signal);
    if (refusal !== null) {
      unreachable.push([candidate, refusal]);
      continue;
    }
    progress.peers = 1;
    const outcome = await new ProviderFetch(parts, provider, finisher, missing).run();
    progress.peers = 0;
    if (outcome.useful) providers.push(candidate.address);
    error ??= outcome.error;
    missing = missing.filter(({ state }) => state === 'missing');
    if (missing.length === 0) break;
    const reason = outcome.error ?? missing.find((file) => file.error !== null)?.error;
    context.log.info(
      { peer: candidate.address, files: missing.length, code: reason?.code, reason: reason?.message },
      'a provider did not have everything',
    );
  }
  return { providers, error: error ?? noProvider(target, unreachable) };
}

async function refusalOf(provider: Provider, signal: AbortSignal): Promise<ActorError | null> {
  try {
    await provider.connect(signal);
    return null;
  } catch (error) {
    if (signal.aborted || !(error instanceof ActorError)) throw error;
    return error;
  }
}
