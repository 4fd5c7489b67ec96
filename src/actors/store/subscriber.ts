import { failure } from '../../errors.ts';
import { encodeWith } from '../../protocol/cbor/codec.ts';
import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { Reader } from '../../protocol/cbor/reader.ts';
import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestId,
  verifyManifest,
} from '../../protocol/objects/manifest.ts';
import { checkManifestContents } from '../../protocol/objects/manifest-contents.ts';
import {
  compareShareHeads,
  type ShareHead,
  shareHead,
  verifyShareHead,
} from '../../protocol/objects/share-head.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Hex } from '../content-types.ts';
import type { Subscription } from '../share-types.ts';
import type { ChangeLog } from './change-log.ts';
import { type StoreContext, unixNow } from './context.ts';
import type { Database } from './database.ts';
import type { ManifestShelf } from './manifest-shelf.ts';
import { headOf } from './own-shares.ts';
import type { SubscriptionRow, Subscriptions } from './subscriptions.ts';

interface Offer {
  readonly shareId: Hex;
  readonly head: Uint8Array;
  readonly manifest: Uint8Array;
  readonly source: string;
}

/** Takes revisions of subscribed shares. Believes nobody, not even the part of this node that brings them. */
export class Subscriber {
  readonly #context: Pick<StoreContext, 'clock'>;
  readonly #database: Database;
  readonly #subscriptions: Subscriptions;
  readonly #shelf: ManifestShelf;
  readonly #changeLog: ChangeLog;

  constructor(
    context: Pick<StoreContext, 'clock'>,
    parts: { database: Database; subscriptions: Subscriptions; shelf: ManifestShelf; changeLog: ChangeLog },
  ) {
    this.#context = context;
    this.#database = parts.database;
    this.#subscriptions = parts.subscriptions;
    this.#shelf = parts.shelf;
    this.#changeLog = parts.changeLog;
  }

  /**
   * Head and manifest become the share's state. `E_HEAD_INVALID` and `E_MANIFEST_INVALID` for what is not signed by the
   * share's key, does not hold together, or is not above the number that is held; the same revision once more is fine.
   */
  async commit({ shareId, head: headOctets, manifest: octets, source }: Offer): Promise<Subscription> {
    const row = this.#subscriptions.row(shareId);
    const head = decoded(() => shareHead.read(new Reader(headOctets)), 'E_HEAD_INVALID', shareId);
    const manifest = decoded(() => decodeManifest(octets), 'E_MANIFEST_INVALID', shareId);
    checkHead(head, row.share_key, shareId);
    checkManifest(manifest, head, shareId, BigInt(unixNow(this.#context)));
    this.#checkVolume(row, manifest, shareId);
    const held = headOf(row);
    if (held !== null) checkProgress(head, held, shareId);

    // Encoded anew: what else somebody wrote between the fields is not kept and not passed on.
    const canonical = encodeManifest(manifest);
    await this.#shelf.writeFile(head.latestManifestId, canonical);
    const kept = held !== null && compareShareHeads(held, head) > 0 ? held : head;
    const before = this.#shelf.filesOf(row.manifest);
    const dropped = this.#database.groupedTransaction(() => {
      const manifestRow = this.#shelf.insert(head.latestManifestId, manifest, canonical);
      this.#database.run(
        'UPDATE subscriptions SET head = ?, manifest = ?, source = ? WHERE id = ?',
        encodeWith(shareHead, kept),
        manifestRow,
        source,
        row.id,
      );
      if (row.parent === null) this.#subscriptions.keepVolumes(row.id, manifest);
      return this.#shelf.dropUnreferenced();
    });
    const subscription = this.#subscriptions.get(shareId)!;
    this.#changeLog.noteFiles(subscription.root ?? subscription.shareId, before, manifest.items);
    if (dropped.length > 0) {
      // The rows that named the files must not come back after a loss of power.
      await this.#database.settle();
      await this.#shelf.removeFiles(dropped);
    }
    return subscription;
  }

  /** Both sides say it: the collection lists the volume, the volume names the collection. */
  #checkVolume({ parent }: SubscriptionRow, { recommendedShares }: Manifest, shareId: Hex): void {
    if (parent === null) return;
    const root = this.#database.get<SubscriptionRow>('SELECT * FROM subscriptions WHERE id = ?', parent)!;
    if (recommendedShares.some((id) => bytesEqual(id, root.share_id))) return;
    throw refused('E_MANIFEST_INVALID', 'it does not belong to the collection that lists it', shareId);
  }
}

type Fault = 'E_HEAD_INVALID' | 'E_MANIFEST_INVALID';

function decoded<T>(read: () => T, code: Fault, shareId: Hex): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw refused(code, error.message, shareId);
  }
}

function checkHead(head: ShareHead, shareKey: Uint8Array, shareId: Hex): void {
  const verdict = verifyShareHead(head, shareKey);
  if (!verdict.ok) throw refused('E_HEAD_INVALID', verdict.reason, shareId);
  if (head.latestSeq > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw refused('E_HEAD_INVALID', 'sequence number out of range', shareId);
  }
}

function checkManifest(manifest: Manifest, head: ShareHead, shareId: Hex, now: bigint): void {
  const fault = (reason: string) => refused('E_MANIFEST_INVALID', reason, shareId);
  if (!bytesEqual(manifestId(manifest), head.latestManifestId))
    throw fault('not the one that the head names');
  const verdict = verifyManifest(manifest, now);
  if (!verdict.ok) throw fault(verdict.reason);
  if (!bytesEqual(manifest.shareId, head.shareId)) throw fault('of another share');
  if (manifest.seq !== head.latestSeq) throw fault('its number is not that of the head');
  const contents = checkManifestContents(manifest);
  if (!contents.ok) throw fault(contents.reason);
}

function checkProgress(head: ShareHead, held: ShareHead, shareId: Hex): void {
  if (head.latestSeq < held.latestSeq) {
    throw refused('E_HEAD_INVALID', `revision ${head.latestSeq} after ${held.latestSeq}`, shareId);
  }
  const same = bytesEqual(head.latestManifestId, held.latestManifestId);
  if (head.latestSeq === held.latestSeq && !same) {
    throw refused('E_HEAD_INVALID', `a second manifest for revision ${head.latestSeq}`, shareId);
  }
}

const refused = (code: Fault, reason: string, shareId: Hex): ActorError => {
  const what = code === 'E_HEAD_INVALID' ? 'head' : 'manifest';
  return failure(code, `the ${what} was refused: ${reason}`, { subject: shareId });
};
