import { failure } from '../../errors.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import { manifestKey } from '../../protocol/objects/dht-keys.ts';
import {
  decodeManifest,
  type Manifest,
  manifestId,
  verifyManifest,
} from '../../protocol/objects/manifest.ts';
import { checkManifestContents } from '../../protocol/objects/manifest-contents.ts';
import type { ShareHead } from '../../protocol/objects/share-head.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { firstOf } from '../first-of.ts';
import { candidatesOf } from '../peer-candidates.ts';
import { mostTelling } from '../telling-error.ts';
import type { PeerTarget } from '../transport/contract.ts';
import { type SyncContext, unixNow } from './context.ts';
import type { SyncFailure } from './contract.ts';
import { manifestSources, valueFromDht } from './dht-lookup.ts';
import type { Peer } from './peer.ts';

/** Peers tried for one manifest. */
const MAX_SOURCES = 8;
/** One that takes longer is not waited for alone. */
const SLOW_MS = 2_000;
const PARALLEL = 3;

export interface FoundManifest {
  readonly manifest: Manifest;
  /** Address of whoever had it. */
  readonly source: string;
}

/**
 * The manifest a verified head names, from the first of the peers that has it: directly, else from the values it keeps
 * for others; then from the DHT, and from those whom the DHT says to have it (`peerAt` makes peers of them). A wrong
 * manifest is counted and the next peer asked, a slow peer has the next one beside it. Throws the most telling failure, and at once what
 * no other peer can mend: `E_MANIFEST_INVALID` for a manifest that is the one named and does not hold together.
 */
export async function lookUpManifest(
  context: SyncContext,
  head: ShareHead,
  peers: readonly Peer[],
  peerAt: (target: PeerTarget) => Peer,
  signal: AbortSignal,
): Promise<FoundManifest> {
  const failures: SyncFailure[] = [];
  const direct = await fromPeers(context, head, peers, failures, signal);
  if (direct !== null) return direct;
  const kept = await valueFromDht(context, manifestKey(head.latestManifestId), signal);
  // What the DHT finds under its key is the one that is named.
  if (kept?.content.kind === 'manifest') {
    checkNamedManifest(kept.content.value, head, unixNow(context));
    return { manifest: kept.content.value, source: kept.source };
  }
  const others = await manifestSources(context, head.latestManifestId, signal);
  const further = await fromPeers(context, head, candidatesOf(others).map(peerAt), failures, signal);
  if (further !== null) return further;
  const worst = mostTelling(failures);
  throw worst === null
    ? failure('E_NO_PROVIDER', 'no peer has the manifest of the newest head', { retryable: true })
    : new ActorError(worst.code, worst.message);
}

function fromPeers(
  context: SyncContext,
  head: ShareHead,
  peers: readonly Peer[],
  failures: SyncFailure[],
  signal: AbortSignal,
): Promise<FoundManifest | null> {
  return firstOf(
    peers.slice(0, MAX_SOURCES),
    (peer, either) => bring(context, head, peer, failures, either),
    { clock: context.clock, patienceMs: SLOW_MS, parallel: PARALLEL, signal },
  );
}

/** What one peer has of it; null: nothing that counts, and `failures` says why. */
async function bring(
  context: SyncContext,
  head: ShareHead,
  peer: Peer,
  failures: SyncFailure[],
  signal: AbortSignal,
): Promise<FoundManifest | null> {
  for (const fetch of [fetchDirectly, fetchFromValues]) {
    try {
      const manifest = await fetch(peer, head.latestManifestId, signal);
      if (manifest === null) continue;
      if (bytesEqual(manifestId(manifest), head.latestManifestId)) {
        checkNamedManifest(manifest, head, unixNow(context));
        return { manifest, source: peer.target.address };
      }
      context.metrics.add('records_refused', 1);
      context.log.warn({ peer: peer.target.address }, 'manifest refused: it is another than was asked for');
      failures.push({
        code: 'E_MANIFEST_INVALID',
        message: `${peer.target.address} sent another manifest than it was asked for`,
      });
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      if (error instanceof BrokenManifest) throw failure(error.code, error.message);
      failures.push({ code: error.code, message: error.message });
    }
  }
  return null;
}

/** The manifest is the one the publisher named: what is wrong with it is wrong wherever it comes from. */
class BrokenManifest extends ActorError {
  declare readonly code: 'E_MANIFEST_INVALID';

  constructor(message: string) {
    super('E_MANIFEST_INVALID', message);
  }
}

function checkNamedManifest(manifest: Manifest, head: ShareHead, now: bigint): void {
  const verdict = verifyManifest(manifest, now);
  if (!verdict.ok) throw new BrokenManifest(`the share's manifest does not verify: ${verdict.reason}`);
  if (!bytesEqual(manifest.shareId, head.shareId)) {
    throw new BrokenManifest('the head names a manifest of another share');
  }
  if (manifest.seq !== head.latestSeq) {
    throw new BrokenManifest(`the head says revision ${head.latestSeq}, its manifest ${manifest.seq}`);
  }
  const contents = checkManifestContents(manifest);
  if (!contents.ok) throw new BrokenManifest(`the share's manifest is out of bounds: ${contents.reason}`);
}

async function fetchDirectly(peer: Peer, id: Uint8Array, signal: AbortSignal): Promise<Manifest | null> {
  const octets = await peer.getManifest(id, signal);
  try {
    return decodeManifest(octets);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw failure(
      'E_MANIFEST_INVALID',
      `${peer.target.address} sent an unreadable manifest: ${error.message}`,
    );
  }
}

async function fetchFromValues(peer: Peer, id: Uint8Array, signal: AbortSignal): Promise<Manifest | null> {
  const answer = await peer.findValue(manifestKey(id), signal);
  return answer.kind === 'value' && answer.content.kind === 'manifest' ? answer.content.value : null;
}
