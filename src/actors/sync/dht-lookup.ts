import { toHex } from '../../protocol/crypto/bytes.ts';
import { DIALECT_2 } from '../../protocol/dialect.ts';
import { checkDhtValue, type DhtContent } from '../../protocol/objects/dht-value.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { type SyncContext, unixNow } from './context.ts';

/** A lookup that takes longer brings its news with the next pass. */
const DEADLINE_MS = 15_000;

/** Addresses, each with its key, of nodes that have the newest head of a share; none when the DHT gives no answer. */
export async function headSources(
  { refs }: SyncContext,
  shareKey: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  return (await quietly(refs.dht.ask('lookUpHead', { shareKey }, options)))?.sources ?? [];
}

/** Addresses of nodes that say they have a manifest, and so the share. */
export async function manifestSources(
  { refs }: SyncContext,
  manifestId: Uint8Array,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  const request = { contentId: toHex(manifestId) };
  return (await quietly(refs.dht.ask('findProviders', request, options)))?.providers ?? [];
}

/** A value from whoever in the network has it, and the address of that node; checked as every value is. */
export async function valueFromDht(
  context: SyncContext,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<{ content: DhtContent; source: string } | null> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  const found = await quietly(context.refs.dht.ask('findValue', { key: toHex(key) }, options));
  if (!found?.value || found.source === null) return null;
  const check = checkDhtValue(key, found.value, DIALECT_2, unixNow(context));
  return check.ok ? { content: check.content, source: found.source.address } : null;
}

/** Without the DHT the peers that are known otherwise are all there is. */
async function quietly<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ActorError) return null;
    throw error;
  }
}
