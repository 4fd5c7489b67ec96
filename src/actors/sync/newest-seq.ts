import { Reader } from '../../protocol/cbor/reader.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import { shareHead, verifyShareHead } from '../../protocol/objects/share-head.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { SyncContext } from './context.ts';
import { headFromDht } from './dht-lookup.ts';
import { lookUpHeads } from './head-lookup.ts';
import { PassPeers } from './pass-peers.ts';

/** A publish waits for it. */
const DEADLINE_MS = 8_000;

/**
 * The highest revision of a share that any of the peers this node asks anyway has a signed head of; null when none
 * knows the share or none answers.
 */
export async function newestSeq(context: SyncContext, shareKey: string): Promise<number | null> {
  const passPeers = new PassPeers(context);
  const subscribed = (await context.refs.store.ask('subscriptions', null)).flatMap(({ peers }) => peers);
  const targets = candidatesOf(await passPeers.known(), await passPeers.connected(), subscribed);
  const octets = fromHex(shareKey, 32)!;
  const deadline = new AbortController();
  const cancel = context.clock.after(DEADLINE_MS, () => deadline.abort());
  try {
    const signal = AbortSignal.any([context.signal, deadline.signal]);
    const fromDht = headFromDht(context, shareKey, signal).then(({ head }) => seqOf(head, octets));
    const { found } = await lookUpHeads(
      context,
      octets,
      targets.map((target) => passPeers.of(target)),
      // No head is news: every peer is waited for.
      Number.MAX_SAFE_INTEGER,
      signal,
    );
    const seqs = [found[0] && Number(found[0].head.latestSeq), await fromDht];
    const known = seqs.filter((seq) => typeof seq === 'number');
    return known.length === 0 ? null : Math.max(...known);
  } catch (error) {
    if (context.signal.aborted || !(error instanceof ActorError)) throw error;
    return null;
  } finally {
    cancel();
  }
}

/** The number of a head that the DHT found, if the key signed it. */
function seqOf(octets: Uint8Array | null, shareKey: Uint8Array): number | null {
  if (octets === null) return null;
  const head = shareHead.read(new Reader(octets));
  const seq = Number(head.latestSeq);
  return verifyShareHead(head, shareKey).ok && Number.isSafeInteger(seq) ? seq : null;
}
