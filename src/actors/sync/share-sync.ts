import { failure } from '../../errors.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import type { IdentityRegistry } from '../../protocol/objects/identity-registry.ts';
import { encodeManifest } from '../../protocol/objects/manifest.ts';
import { compareShareHeads, shareHead } from '../../protocol/objects/share-head.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { Subscription } from '../share-types.ts';
import { mostTelling } from '../telling-error.ts';
import type { PeerTarget } from '../transport/contract.ts';
import { askOrder } from './ask-order.ts';
import type { SyncContext } from './context.ts';
import type { Disagreement, ShareSync, SyncFailure } from './contract.ts';
import { headFromDht } from './dht-lookup.ts';
import { disagreementOf } from './disagreement.ts';
import { type FoundHead, type HeadSearch, lookUpHeads } from './head-lookup.ts';
import { learnIdentity } from './identity-lookup.ts';
import type { KeyMemory } from './key-memory.ts';
import { lookUpManifest } from './manifest-lookup.ts';
import type { PassPeers } from './pass-peers.ts';
import type { Peer } from './peer.ts';

/** One share may not hold up the rest for longer; also what `subscribe` can wait for within its deadline. */
const SHARE_DEADLINE_MS = 45_000;

/** Revisions tried, from the newest down, until one can be had. */
const MAX_REVISIONS = 3;

/** Requests that a lookup in the DHT counts for: it asks about as many nodes beside those that were asked anyway. */
const LOOKUP_REQUESTS = 5;

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
  /** Everybody who might know it was asked. */
  readonly askedAll: boolean;
}

export interface ShareSyncOptions {
  readonly keys: KeyMemory;
  /** Addresses asked beside those of the share and those that are asked about every share. */
  readonly alsoAsk?: readonly string[];
  readonly peers: PassPeers;
  /** Peers that are asked; Infinity: all of them. */
  readonly limit: number;
  /** Who is asked first: a peer that says it has news; else who had the last news, or by turns. */
  readonly best?: string | undefined;
  readonly turn: number;
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
  options: ShareSyncOptions,
  signal: AbortSignal,
): Promise<SyncedShare> {
  const { keys, identityDue } = options;
  const shareKey = fromHex(before.shareKey, 32);
  if (shareKey === null)
    throw failure('E_STORE', 'a subscription without a share key', { subject: before.shareId });
  checkIdentity(keys.registry, shareKey);
  const peerAt = (target: PeerTarget) => options.peers.of(target);
  const { search, askedAll, sought } = await searchHeads(context, before, shareKey, options, signal);
  const { found, answered, failures } = search;
  const known = before.seq ?? NONE_HELD;
  const held =
    before.seq === null || before.manifestId === null
      ? null
      : { seq: before.seq, manifestId: before.manifestId };
  const disagreement = disagreementOf(found, held);
  const news = distinctHeads(found.filter(({ head }) => Number(head.latestSeq) > known));
  if (news.length > 0 || identityDue) {
    // Both records, each with a lookup of its own.
    options.peers.spend(2 * LOOKUP_REQUESTS);
    await learnIdentity(context, keys, shareKey, answered, signal);
    checkIdentity(keys.registry, shareKey);
  }
  const seen = { answered: answered.length > 0, disagreement, sought, askedAll };
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

/**
 * Asks as many of the share's peers as are wanted, more of them while none answers, and the DHT who else there is when
 * that is due or nobody knows the share.
 */
async function searchHeads(
  context: SyncContext,
  before: Subscription,
  shareKey: Uint8Array,
  options: ShareSyncOptions,
  signal: AbortSignal,
): Promise<{ search: HeadSearch; askedAll: boolean; sought: boolean }> {
  const { peers: passPeers, limit, turn, alsoAsk = [] } = options;
  const targets = candidatesOf(
    before.peers,
    sourceOf(before),
    alsoAsk,
    await passPeers.known(),
    await passPeers.connected(),
  );
  const known = before.seq ?? NONE_HELD;
  const ask = (asked: readonly PeerTarget[]) =>
    lookUpHeads(
      context,
      shareKey,
      asked.map((target) => passPeers.of(target)),
      known,
      signal,
    );
  const own = candidatesOf(before.peers, sourceOf(before), alsoAsk).length;
  const best = options.best ?? before.source;
  const { first, later } = askOrder(targets, { limit, own, best, turn });
  let search = await ask(first);
  for (const target of later) {
    if (search.answered.length > 0) break;
    search = bothOf(search, await ask([target]));
  }
  const { found, notFound } = options.dhtDue;
  const sought = search.found.length === 0 ? notFound : found;
  if (sought) {
    passPeers.spend(LOOKUP_REQUESTS);
    const sources = candidatesOf((await headFromDht(context, before.shareKey, signal)).sources);
    const asked = new Set([...first, ...later].map(({ address }) => address));
    const others = sources.filter(({ address }) => !asked.has(address));
    search = bothOf(search, await ask(others));
    targets.push(...others);
  }
  if (targets.length === 0) {
    throw failure(
      'E_NO_PROVIDER',
      'no peer to ask: the link names none, and the DHT does not know the share',
    );
  }
  return { search, askedAll: later.length === 0, sought };
}

const bothOf = (a: HeadSearch, b: HeadSearch): HeadSearch => ({
  found: [...a.found, ...b.found].sort((one, other) => compareShareHeads(other.head, one.head)),
  answered: [...a.answered, ...b.answered],
  failures: [...a.failures, ...b.failures],
});

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
    askedAll: false,
  };
}
