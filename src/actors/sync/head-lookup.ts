import { shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../protocol/objects/ids.ts';
import { compareShareHeads, type ShareHead, verifyShareHead } from '../../protocol/objects/share-head.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { eachBounded } from '../each-bounded.ts';
import type { SyncContext } from './context.ts';
import type { SyncFailure } from './contract.ts';
import type { Peer } from './peer.ts';

/** Peers asked about one share at the same time. */
const PARALLEL = 3;
/** With news in hand, what the slower peers still get to bring something newer. */
const GRACE_MS = 2_000;

export interface FoundHead {
  readonly head: ShareHead;
  readonly peer: Peer;
}

export interface HeadSearch {
  /** Verified heads, newest first; of equals the one that came first. */
  readonly found: FoundHead[];
  /** Peers that answered anything that could be read. */
  readonly answered: Peer[];
  readonly failures: SyncFailure[];
}

/**
 * Asks every peer for the head of a share. A forged head is counted, named as a failure and passed over; it decides
 * nothing for the other peers. `known` is the sequence number already held: a newer one ends the wait for the others
 * after a short grace.
 */
export async function lookUpHeads(
  context: SyncContext,
  sharePubkey: Uint8Array,
  peers: readonly Peer[],
  known: number,
  signal: AbortSignal,
): Promise<HeadSearch> {
  const key = shareHeadKey(shareIdOf(sharePubkey));
  const found: FoundHead[] = [];
  const answered: Peer[] = [];
  const failures: SyncFailure[] = [];
  const grace = new AbortController();
  const both = AbortSignal.any([signal, grace.signal]);
  let cancelGrace: (() => void) | null = null;

  await eachBounded(peers, PARALLEL, async (peer) => {
    if (both.aborted) return;
    try {
      const answer = await peer.findValue(key, both);
      answered.push(peer);
      if (answer.kind === 'none') return;
      const head =
        answer.kind === 'value' && answer.content.kind === 'share-head' ? answer.content.value : null;
      const fault = head === null ? 'no-head' : faultOf(head, sharePubkey);
      if (head === null || fault !== null) {
        context.metrics.add('records_refused', 1);
        const message = `${peer.target.address} answered with a head that does not count: ${fault}`;
        context.log.warn({ peer: peer.target.address, fault }, 'head refused');
        failures.push({ code: 'E_HEAD_INVALID', message });
        return;
      }
      found.push({ head, peer });
      if (Number(head.latestSeq) > known) {
        cancelGrace ??= context.clock.after(GRACE_MS, () => grace.abort());
      }
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      if (grace.signal.aborted && error.code === 'E_ABORTED') return;
      failures.push({ code: error.code, message: error.message });
    }
  }).finally(() => cancelGrace?.());

  found.sort((a, b) => compareShareHeads(b.head, a.head));
  return { found, answered, failures };
}

function faultOf(head: ShareHead, sharePubkey: Uint8Array): string | null {
  // Sequence numbers are plain numbers beyond the wire; nobody counts to 2^53 by publishing.
  if (head.latestSeq > BigInt(Number.MAX_SAFE_INTEGER)) return 'sequence number out of range';
  const verdict = verifyShareHead(head, sharePubkey);
  return verdict.ok ? null : verdict.reason;
}
