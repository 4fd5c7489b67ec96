import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { SyncContext } from './context.ts';

/** What one lookup may take of a share's time. */
const LOOKUP_MS = 20_000;
/** Requests that a lookup in the DHT counts for: it asks about as many nodes. */
export const LOOKUP_REQUESTS = 10;

/** Addresses, `tcp://ip:port@key`, of those who have the newest head of a share by the DHT; nobody is believed for it. */
export async function dhtSources(
  { refs, signal: stopping }: SyncContext,
  shareKey: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const { sources } = await refs.dht.ask('lookUpHead', { shareKey }, { deadlineMs: LOOKUP_MS, signal });
    return sources;
  } catch (error) {
    if (!(error instanceof ActorError) || stopping.aborted) throw error;
    return [];
  }
}
