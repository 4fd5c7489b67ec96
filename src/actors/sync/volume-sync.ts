import { failure } from '../../errors.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { bytesEqual, fromHex, toHex } from '../../protocol/crypto/bytes.ts';
import { shareHeadKey } from '../../protocol/objects/dht-keys.ts';
import { shareIdOf } from '../../protocol/objects/ids.ts';
import { decodeManifest, manifestId, verifyManifest } from '../../protocol/objects/manifest.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { eachBounded } from '../each-bounded.ts';
import { candidatesOf } from '../peer-candidates.ts';
import type { Subscription } from '../share-types.ts';
import type { PeerTarget } from '../transport/contract.ts';
import { type SyncContext, unixNow } from './context.ts';
import type { SyncFailure } from './contract.ts';
import type { PassPeers } from './pass-peers.ts';
import type { Peer } from './peer.ts';
import { refreshSearch, type ShareSyncOptions, syncShare } from './share-sync.ts';

/** Volumes of one collection in work at once. */
const VOLUMES_AT_ONCE = 4;
/** What one pass spends on the volumes of one collection; the others are the first of the next. */
const BUDGET_MS = 30_000;

export interface VolumesSynced {
  /** Address of a peer that brought something new; null: nothing did. */
  readonly source: string | null;
  /** What went wrong first. */
  readonly error: SyncFailure | null;
}

/**
 * Brings the volumes of a collection up to date: those that its verified manifest lists, each only if its own manifest
 * names the collection. What one volume meets never stops the others.
 */
export async function syncVolumes(
  context: SyncContext,
  root: Subscription,
  options: ShareSyncOptions,
): Promise<VolumesSynced> {
  const { clock, refs } = context;
  const known = new Map(
    (await refs.store.ask('subscriptions', { volumes: true })).map((each) => [each.shareId, each]),
  );
  const isNew = (shareId: string) => (known.get(shareId)?.seq ?? null) === null;
  // What was never had comes first: a pass has an end.
  const order = root.volumes.toSorted((a, b) => Number(isNew(b)) - Number(isNew(a)));
  const first = root.source === null ? [] : [root.source];
  const until = clock.now() + BUDGET_MS;
  let source: string | null = null;
  let error: SyncFailure | null = null;
  await eachBounded(order, VOLUMES_AT_ONCE, async (shareId) => {
    if (clock.now() >= until) {
      const left = { code: 'E_BUSY', message: 'not all volumes are looked at yet: the next pass goes on' };
      if (isNew(shareId)) error ??= left;
      return;
    }
    try {
      const volume = known.get(shareId) ?? (await learnVolume(context, root, shareId, first, options));
      // Somebody who follows a volume by itself goes on with it.
      if (volume.root !== root.shareId) return;
      const synced = await syncShare(context, volume, {
        ...options,
        alsoAsk: first,
        best: root.source ?? undefined,
        identityDue: false,
        dhtDue: { ...options.dhtDue, found: false },
      });
      source ??= synced.source;
      if (synced.error !== null) error ??= ofVolume(root, shareId, synced.error);
    } catch (thrown) {
      if (!(thrown instanceof ActorError) || context.signal.aborted) throw thrown;
      error ??= ofVolume(root, shareId, thrown);
    }
  });
  return { source, error };
}

/** Brings the search in line with shares that changed, or went. */
export async function refreshVolumes(context: SyncContext, shareIds: readonly string[]): Promise<void> {
  for (const shareId of shareIds) await refreshSearch(context, shareId);
}

/**
 * A collection lists ids alone. The key comes with the volume's manifest, which its head names: whoever sends another
 * than that of the id is passed over, and one that does not name the collection is not its volume.
 */
async function learnVolume(
  context: SyncContext,
  root: Subscription,
  shareId: string,
  first: readonly string[],
  { peers: passPeers }: ShareSyncOptions,
): Promise<Subscription> {
  const { refs, signal } = context;
  const targets = candidatesOf(root.peers, first, await passPeers.known(), await passPeers.connected());
  const known = await keyFromAny(context, passPeers, targets, root, shareId);
  // Whoever has the collection has its volumes.
  const { shareKey, worst } =
    known.shareKey === null && root.manifestId !== null
      ? await keyFromAny(
          context,
          passPeers,
          candidatesOf(await passPeers.holders(root.manifestId)),
          root,
          shareId,
        )
      : known;
  if (shareKey === null) {
    throw worst ?? known.worst ?? failure('E_NO_PROVIDER', 'none of the peers knows it');
  }
  return await refs.store.ask('subscribeVolume', { root: root.shareId, shareId, shareKey }, { signal });
}

async function keyFromAny(
  context: SyncContext,
  passPeers: PassPeers,
  targets: readonly PeerTarget[],
  root: Subscription,
  shareId: string,
): Promise<{ shareKey: string | null; worst: ActorError | null }> {
  let worst: ActorError | null = null;
  for (const target of targets) {
    try {
      const shareKey = await keyFrom(context, passPeers.of(target), root, shareId);
      if (shareKey !== null) return { shareKey, worst };
    } catch (error) {
      if (!(error instanceof ActorError) || context.signal.aborted) throw error;
      worst ??= error;
    }
  }
  return { shareKey: null, worst };
}

async function keyFrom(
  context: SyncContext,
  peer: Peer,
  root: Subscription,
  shareId: string,
): Promise<string | null> {
  const id = fromHex(shareId, 32)!;
  const answer = await peer.findValue(shareHeadKey(id), context.signal);
  if (answer.kind !== 'value' || answer.content.kind !== 'share-head') return null;
  const named = answer.content.value.latestManifestId;
  const octets = await peer.getManifest(named, context.signal);
  const refuse = (reason: string) => {
    context.metrics.add('records_refused', 1);
    return failure(
      'E_MANIFEST_INVALID',
      `${peer.target.address} sent no volume of the collection: ${reason}`,
    );
  };
  try {
    const manifest = decodeManifest(octets);
    const verdict = verifyManifest(manifest, unixNow(context));
    if (!verdict.ok) throw refuse(verdict.reason);
    if (!bytesEqual(manifestId(manifest), named)) throw refuse('it is another than the head names');
    if (!bytesEqual(shareIdOf(manifest.sharePubkey), id)) throw refuse('it is of another share');
    if (!manifest.recommendedShares.some((each) => toHex(each) === root.shareId)) {
      throw refuse('it does not name the collection');
    }
    return toHex(manifest.sharePubkey);
  } catch (error) {
    if (error instanceof DecodeError) throw refuse(error.message);
    throw error;
  }
}

const ofVolume = (root: Subscription, shareId: string, { code, message }: SyncFailure): SyncFailure => ({
  code,
  message: `volume ${root.volumes.indexOf(shareId) + 1} of ${root.volumes.length}: ${message}`,
});
