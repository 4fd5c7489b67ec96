import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import type { Disagreement } from './contract.ts';
import type { FoundHead } from './head-lookup.ts';

/** Peers that are named. */
const MAX_PEERS = 16;

/** The revision that this node holds. */
export interface HeldRevision {
  readonly seq: number;
  readonly manifestId: string;
}

/**
 * In what the signed heads of a share contradict each other, or what is held; null: in nothing. Two manifests under one
 * number are worse than a peer that has an older one than this node: that one is out of date, or holds back.
 */
export function disagreementOf(
  found: readonly FoundHead[],
  held: HeldRevision | null,
): Omit<Disagreement, 'since'> | null {
  for (const { head } of found) {
    const seq = Number(head.latestSeq);
    const same = found.filter((other) => other.head.latestSeq === head.latestSeq);
    const others = same.some((other) => !bytesEqual(other.head.latestManifestId, head.latestManifestId));
    const notHeld = held?.seq === seq && toHex(head.latestManifestId) !== held.manifestId;
    if (others || notHeld) return { kind: 'fork', seq, peers: addressesOf(same) };
  }
  const behind = found.filter(({ head }) => held !== null && Number(head.latestSeq) < held.seq);
  if (behind.length === 0) return null;
  return { kind: 'behind', seq: Number(behind[0]!.head.latestSeq), peers: addressesOf(behind) };
}

const addressesOf = (found: readonly FoundHead[]): readonly string[] =>
  found.slice(0, MAX_PEERS).map(({ peer }) => peer.target.address);
