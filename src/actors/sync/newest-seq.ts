import { fromHex } from '../../protocol/crypto/bytes.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { SyncContext } from './context.ts';
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
  const deadline = new AbortController();
  const cancel = context.clock.after(DEADLINE_MS, () => deadline.abort());
  try {
    const { found } = await lookUpHeads(
      context,
      fromHex(shareKey, 32)!,
      targets.map((target) => passPeers.of(target)),
      // No head is news: every peer is waited for.
      Number.MAX_SAFE_INTEGER,
      AbortSignal.any([context.signal, deadline.signal]),
    );
    return found[0] === undefined ? null : Number(found[0].head.latestSeq);
  } catch (error) {
    if (context.signal.aborted || !(error instanceof ActorError)) throw error;
    return null;
  } finally {
    cancel();
  }
}
