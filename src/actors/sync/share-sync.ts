import { failure } from '../../errors.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import type { IdentityRegistry } from '../../protocol/objects/identity-registry.ts';
import { encodeManifest } from '../../protocol/objects/manifest.ts';
import { shareHead } from '../../protocol/objects/share-head.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { Subscription } from '../store/contract.ts';
import { mostTelling } from '../telling-error.ts';
import type { SyncContext } from './context.ts';
import type { ShareSync, SyncFailure } from './contract.ts';
import { lookUpHeads } from './head-lookup.ts';
import { learnIdentity } from './identity-lookup.ts';
import { lookUpManifest } from './manifest-lookup.ts';
import type { PassPeers } from './pass-peers.ts';

/** One share may not hold up the rest for longer; also what `subscribe` can wait for within its deadline. */
const SHARE_DEADLINE_MS = 45_000;

/** Below every sequence number. */
const NONE_HELD = -1;

export interface SyncedShare extends ShareSync {
  /** As it stands now. */
  readonly subscription: Subscription;
  /** Whether any peer answered: false when nobody could be asked. */
  readonly answered: boolean;
}

export interface ShareSyncOptions {
  readonly registry: IdentityRegistry;
  /** Addresses asked beside those of the share. */
  readonly bootstrap: readonly string[];
  readonly peers: PassPeers;
  /** Whether rotations and revocations are to be asked for even without news. */
  readonly identityDue: boolean;
}

/**
 * Brings one subscription up to date. Never rejects for what peers or the network do: that is the `error` of the
 * result. A newer head is only taken together with its manifest.
 */
export async function syncShare(
  context: SyncContext,
  subscription: Subscription,
  options: ShareSyncOptions,
): Promise<SyncedShare> {
  const deadline = new AbortController();
  const cancel = context.clock.after(SHARE_DEADLINE_MS, () =>
    deadline.abort(failure('E_TIMEOUT', `no peer brought the share in ${SHARE_DEADLINE_MS} ms`)),
  );
  const signal = AbortSignal.any([context.signal, deadline.signal]);
  try {
    return await attempt(context, subscription, options, signal);
  } catch (error) {
    if (!(error instanceof ActorError) || context.signal.aborted) throw error;
    return outcome(subscription, subscription, null, { code: error.code, message: error.message }, true);
  } finally {
    cancel();
  }
}

const sourceOf = ({ source }: Subscription): readonly string[] => (source === null ? [] : [source]);

async function attempt(
  context: SyncContext,
  before: Subscription,
  { registry, bootstrap, peers: passPeers, identityDue }: ShareSyncOptions,
  signal: AbortSignal,
): Promise<SyncedShare> {
  const shareKey = fromHex(before.shareKey, 32);
  if (shareKey === null)
    throw failure('E_STORE', 'a subscription without a share key', { subject: before.shareId });
  checkIdentity(registry, shareKey);
  const known = [before.peers, sourceOf(before), bootstrap, await passPeers.connected()];
  const peers = candidatesOf(...known).map((target) => passPeers.of(target));
  if (peers.length === 0) throw failure('E_NO_PROVIDER', 'no peer to ask: the link names none');

  const { found, answered, failures } = await lookUpHeads(
    context,
    shareKey,
    peers,
    before.seq ?? NONE_HELD,
    signal,
  );
  const newest = found[0];
  const news =
    newest !== undefined && Number(newest.head.latestSeq) > (before.seq ?? NONE_HELD) ? newest : null;
  if (news !== null || identityDue) {
    await learnIdentity(context, registry, shareKey, answered, signal);
    checkIdentity(registry, shareKey);
  }
  if (news === null) {
    const error = newest === undefined ? (mostTelling(failures) ?? nobodyKnows(answered.length)) : null;
    return outcome(before, before, null, error, answered.length > 0);
  }

  // Whoever has the head is likely to have its manifest: newest first, then everybody who answered.
  const sources = [...new Set([...found.map(({ peer }) => peer), ...answered])];
  const { manifest, peer } = await lookUpManifest(context, news.head, sources, signal);
  const after = await context.refs.store.ask('commitManifest', {
    shareId: before.shareId,
    head: encodeWith(shareHead, news.head),
    manifest: encodeManifest(manifest),
    source: peer.target.address,
  });
  context.metrics.add('manifests_taken', 1);
  context.log.info(
    { share: before.shareId, seq: after.seq, items: after.items, peer: peer.target.address },
    'share updated',
  );
  return outcome(before, after, peer.target.address, await refreshSearch(context, before.shareId), true);
}

/** The manifest is already taken: a search that cannot follow is told, and repairs itself when it starts again. */
export async function refreshSearch(context: SyncContext, shareId: string): Promise<SyncFailure | null> {
  try {
    await context.refs.search.ask('refresh', { shareId });
    return null;
  } catch (error) {
    if (!(error instanceof ActorError) || context.signal.aborted) throw error;
    context.log.warn({ share: shareId, code: error.code, reason: error.message }, 'search did not follow');
    return { code: error.code, message: error.message };
  }
}

function checkIdentity(registry: IdentityRegistry, shareKey: Uint8Array): void {
  const resolution = registry.resolve(shareKey);
  if (resolution.kind === 'active') return;
  throw failure(
    'E_SHARE_REVOKED',
    resolution.kind === 'revoked'
      ? `the share's key was revoked (${resolution.record.reason})`
      : "the share's key was handed on too often to be followed",
  );
}

const nobodyKnows = (asked: number): SyncFailure => ({
  code: 'E_NO_PROVIDER',
  message: `${asked} of the peers answered, and none of them knows the share`,
});

function outcome(
  before: Subscription,
  after: Subscription,
  source: string | null,
  error: SyncFailure | null,
  answered: boolean,
): SyncedShare {
  return {
    share_id: before.shareId,
    seq_before: before.seq,
    seq_after: after.seq,
    items: after.items,
    source,
    error,
    subscription: after,
    answered,
  };
}
