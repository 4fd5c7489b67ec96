import { failure } from '../../errors.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import type { IdentityRegistry } from '../../protocol/objects/identity-registry.ts';
import { encodeManifest } from '../../protocol/objects/manifest.ts';
import { compareShareHeads, shareHead } from '../../protocol/objects/share-head.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { Subscription } from '../store/contract.ts';
import { mostTelling } from '../telling-error.ts';
import type { PeerTarget } from '../transport/contract.ts';
import type { SyncContext } from './context.ts';
import type { Disagreement, ShareSync, SyncFailure } from './contract.ts';
import { headSources } from './dht-lookup.ts';
import { disagreementOf } from './disagreement.ts';
import { type FoundHead, lookUpHeads } from './head-lookup.ts';
import { learnIdentity } from './identity-lookup.ts';
import type { KeyMemory } from './key-memory.ts';
import { lookUpManifest } from './manifest-lookup.ts';
import type { PassPeers } from './pass-peers.ts';
import type { Peer } from './peer.ts';

/** One share may not hold up the rest for longer; also what `subscribe` can wait for within its deadline. */
const SHARE_DEADLINE_MS = 45_000;

/** Revisions tried, from the newest down, until one can be had. */
const MAX_REVISIONS = 3;

/** Below every sequence number. */
const NONE_HELD = -1;

export interface SyncedShare extends ShareSync {
  /** As it stands now. */
  readonly subscription: Subscription;
  /** The DHT was asked who has the share. */
  readonly sought: boolean;
  /** Whether any peer answered: false when nobody could be asked. */
  readonly answered: boolean;
  /** What the heads that were found contradict; null: nothing. */
  readonly disagreement: Omit<Disagreement, 'since'> | null;
}

export interface ShareSyncOptions {
  readonly keys: KeyMemory;
  /** Addresses asked beside those of the share. */
  readonly bootstrap: readonly string[];
  readonly peers: PassPeers;
  /** Whether rotations and revocations are to be asked for even without news. */
  readonly identityDue: boolean;
  /** Whether the DHT is to be asked who has the share: always where no peer has it, else only when this says so. */
  readonly dhtDue: { readonly found: boolean; readonly notFound: boolean };
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
    return { ...unchanged(subscription, { code: error.code, message: error.message }), answered: true };
  } finally {
    cancel();
  }
}

const sourceOf = ({ source }: Subscription): readonly string[] => (source === null ? [] : [source]);

async function attempt(
  context: SyncContext,
  before: Subscription,
  { keys, bootstrap, peers: passPeers, identityDue, dhtDue }: ShareSyncOptions,
  signal: AbortSignal,
): Promise<SyncedShare> {
  const shareKey = fromHex(before.shareKey, 32);
  if (shareKey === null)
    throw failure('E_STORE', 'a subscription without a share key', { subject: before.shareId });
  checkIdentity(keys.registry, shareKey);
  const addresses = [before.peers, sourceOf(before), bootstrap, await passPeers.connected()];
  const peerAt = (target: PeerTarget) => passPeers.of(target);
  const peers = candidatesOf(...addresses).map(peerAt);
  const known = before.seq ?? NONE_HELD;
  const { found, answered, failures } = await lookUpHeads(context, shareKey, peers, known, signal);
  const sought = found.length === 0 ? dhtDue.notFound : dhtDue.found;
  if (sought) {
    const sources = candidatesOf(await headSources(context, before.shareKey, signal)).map(peerAt);
    const others = sources.filter((peer) => !peers.includes(peer));
    const more = await lookUpHeads(context, shareKey, others, known, signal);
    found.push(...more.found);
    found.sort((a, b) => compareShareHeads(b.head, a.head));
    answered.push(...more.answered);
    failures.push(...more.failures);
    peers.push(...others);
  }
  if (peers.length === 0) {
    throw failure(
      'E_NO_PROVIDER',
      'no peer to ask: the link names none, and the DHT does not know the share',
    );
  }
  const held =
    before.seq === null || before.manifestId === null
      ? null
      : { seq: before.seq, manifestId: before.manifestId };
  const disagreement = disagreementOf(found, held);
  const news = distinctHeads(found.filter(({ head }) => Number(head.latestSeq) > known));
  if (news.length > 0 || identityDue) {
    await learnIdentity(context, keys, shareKey, answered, signal);
    checkIdentity(keys.registry, shareKey);
  }
  const seen = { answered: answered.length > 0, disagreement, sought };
  if (news.length === 0) {
    const error = found.length === 0 ? (mostTelling(failures) ?? nobodyKnows(answered.length)) : null;
    return { ...unchanged(before, error), ...seen };
  }
  const taken = await takeNewest(
    context,
    before,
    news,
    [...found.map(({ peer }) => peer), ...answered],
    peerAt,
    signal,
  );
  const { after, source } = taken;
  const error = taken.error ?? (await refreshSearch(context, before.shareId));
  return {
    ...unchanged(before, error),
    seq_after: after.seq,
    items: after.items,
    source,
    subscription: after,
    ...seen,
  };
}

/** One of each revision, in their order. */
function distinctHeads(found: readonly FoundHead[]): readonly FoundHead[] {
  const seen = new Set<string>();
  return found.filter(({ head }) => {
    const id = toHex(head.latestManifestId);
    return !seen.has(id) && seen.add(id);
  });
}

/**
 * The newest revision that can be had whole: one whose manifest nobody has, or does not hold together, does not keep an
 * older one from being taken that is still news. `error`: why the newest was not.
 */
async function takeNewest(
  context: SyncContext,
  before: Subscription,
  news: readonly FoundHead[],
  peers: readonly Peer[],
  peerAt: (target: PeerTarget) => Peer,
  signal: AbortSignal,
): Promise<{ after: Subscription; source: string; error: SyncFailure | null }> {
  let first: ActorError | null = null;
  for (const { head } of news.slice(0, MAX_REVISIONS)) {
    try {
      // Whoever has a head is likely to have its manifest: those come before everybody else who answered.
      const { manifest, source } = await lookUpManifest(context, head, [...new Set(peers)], peerAt, signal);
      const after = await context.refs.store.ask('commitManifest', {
        shareId: before.shareId,
        head: encodeWith(shareHead, head),
        manifest: encodeManifest(manifest),
        source,
      });
      context.metrics.add('manifests_taken', 1);
      context.log.info(
        { share: before.shareId, seq: after.seq, items: after.items, peer: source },
        'share updated',
      );
      return { after, source, error: first && { code: first.code, message: first.message } };
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      first ??= error;
    }
  }
  throw first;
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

/** Nothing came of it. */
function unchanged(before: Subscription, error: SyncFailure | null): SyncedShare {
  return {
    share_id: before.shareId,
    seq_before: before.seq,
    seq_after: before.seq,
    items: before.items,
    source: null,
    error,
    subscription: before,
    answered: false,
    sought: false,
    disagreement: null,
  };
}
