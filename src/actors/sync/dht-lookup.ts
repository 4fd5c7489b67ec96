import { toHex } from '../../protocol/crypto/bytes.ts';
import { DIALECT_2 } from '../../protocol/dialect.ts';
import { checkDhtValue, type DhtContent } from '../../protocol/objects/dht-value.ts';
import { noAnswer } from '../no-answer.ts';
import { type SyncContext, unixNow } from './context.ts';

/** A lookup that takes longer brings its news with the next pass; without the DHT the peers known otherwise are all there is. */
const DEADLINE_MS = 15_000;

/** The newest head of a share, and addresses, each with its key, of nodes that have it; nothing when the DHT gives no answer. */
export async function headFromDht(
  { refs }: SyncContext,
  shareKey: string,
  signal: AbortSignal,
): Promise<{ head: Uint8Array | null; sources: readonly string[] }> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  const found = await refs.dht.ask('lookUpHead', { shareKey }, options).catch(noAnswer);
  return found ?? { head: null, sources: [] };
}

/** Addresses of nodes that say they have a manifest, and so the share. */
export async function manifestSources(
  { refs }: SyncContext,
  manifestId: Uint8Array,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  const request = { contentId: toHex(manifestId) };
  return (await refs.dht.ask('findProviders', request, options).catch(noAnswer))?.providers ?? [];
}

/** A value from whoever in the network has it, and the address of that node; checked as every value is. */
export async function valueFromDht(
  context: SyncContext,
  key: Uint8Array,
  signal: AbortSignal,
): Promise<{ content: DhtContent; source: string } | null> {
  const options = { deadlineMs: DEADLINE_MS, signal };
  const found = await context.refs.dht.ask('findValue', { key: toHex(key) }, options).catch(noAnswer);
  if (!found?.value || found.source === null) return null;
  const check = checkDhtValue(key, found.value, DIALECT_2, unixNow(context));
  return check.ok ? { content: check.content, source: found.source.address } : null;
}
