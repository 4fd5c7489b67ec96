import { failure } from '../../errors.ts';
import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import type { ShareHead } from '../../protocol/objects/share-head.ts';
import type { Hex } from '../content-types.ts';
import type { CommittedRevision, Revision } from '../share-types.ts';
import type { ChangeLog } from './change-log.ts';
import { type StoreContext, unixNow } from './context.ts';
import type { Database } from './database.ts';
import type { Journal } from './journal.ts';
import type { LeaseChanges } from './lease-changes.ts';
import type { ManifestShelf } from './manifest-shelf.ts';
import { headOf, type OwnShareRow, type OwnShares } from './own-shares.ts';
import { catalogDigest, catalogOf, type SignedRevision, signRevision } from './revision.ts';
import type { LedgerSource, SourceLedger } from './source-ledger.ts';

/** Commits revisions of own shares. */
export class Publisher {
  readonly #context: Pick<StoreContext, 'clock' | 'log'>;
  readonly #database: Database;
  readonly #shares: OwnShares;
  readonly #shelf: ManifestShelf;
  readonly #ledger: SourceLedger;
  readonly #journal: Journal;
  readonly #changes: LeaseChanges;
  readonly #changeLog: ChangeLog;

  constructor(
    context: Pick<StoreContext, 'clock' | 'log'>,
    parts: {
      database: Database;
      shares: OwnShares;
      shelf: ManifestShelf;
      ledger: SourceLedger;
      journal: Journal;
      changes: LeaseChanges;
      changeLog: ChangeLog;
    },
  ) {
    this.#context = context;
    this.#database = parts.database;
    this.#shares = parts.shares;
    this.#shelf = parts.shelf;
    this.#ledger = parts.ledger;
    this.#journal = parts.journal;
    this.#changes = parts.changes;
    this.#changeLog = parts.changeLog;
  }

  /**
   * Signs the revision and makes it the share's, with its sources. A catalog that is the published one keeps its number
   * and signature (DECISIONS, D6); its sources are kept all the same: files may have moved.
   */
  async commit(revision: Revision): Promise<CommittedRevision> {
    const share = this.#shares.row(revision.shareId);
    const catalog = catalogOf(revision, share.share_id, share.share_key);
    const sources = ledgerSources(revision);
    const digest = catalogDigest(catalog);
    const head = headOf(share);
    const lastSeq = this.#lastSeq(share, head, revision.seenSeq);
    if (
      head?.latestSeq === lastSeq &&
      share.catalog !== null &&
      bytesEqual(digest, share.catalog) &&
      (await this.#shelf.read(head.latestManifestId)) !== null
    ) {
      this.#changes.announce(
        this.#database.transaction(() => {
          this.#keepRoots(share, revision);
          this.#journal.drop(sources.map(({ path }) => path));
          return this.#ledger.replace(share.id, sources);
        }),
      );
      this.#changeLog.note({ kind: 'share', shareId: this.#shares.rootOf(share) });
      return { seq: Number(head.latestSeq), manifestId: toHex(head.latestManifestId), changed: false };
    }
    const key = await this.#shares.key(share);
    const now = unixNow(this.#context);
    const signed = signRevision(key, catalog, lastSeq + 1n, now);
    await this.#shelf.writeFile(signed.manifestId, signed.octets);
    this.#changes.announce(await this.#keep(share, revision, signed, digest, sources, now));
    const seq = Number(signed.manifest.seq);
    this.#context.log.info({ share: revision.shareId, seq, items: catalog.items.length }, 'revision signed');
    return { seq, manifestId: toHex(signed.manifestId), changed: true };
  }

  async #keep(
    share: OwnShareRow,
    revision: Revision,
    { manifest, manifestId, octets, head }: SignedRevision,
    digest: Uint8Array,
    sources: readonly LedgerSource[],
    now: number,
  ): Promise<ReadonlySet<Hex>> {
    const before = this.#shelf.filesOf(share.manifest);
    const [voided, dropped] = this.#database.transaction(() => {
      const row = this.#shelf.insert(manifestId, manifest, octets);
      this.#database.run(
        'UPDATE own_shares SET head = ?, manifest = ?, catalog = ?, updated_at = ?, unsure = 0, withdrawn = 0 WHERE id = ?',
        head,
        row,
        digest,
        now,
        share.id,
      );
      this.#keepRoots(share, revision);
      this.#journal.drop(sources.map(({ path }) => path));
      return [this.#ledger.replace(share.id, sources), this.#shelf.dropUnreferenced()] as const;
    });
    this.#changeLog.noteFiles(this.#shares.rootOf(share), before, manifest.items);
    await this.#shelf.removeFiles(dropped);
    return voided;
  }

  #keepRoots(share: OwnShareRow, { roots, tags, watch }: Revision): void {
    this.#database.run(
      'UPDATE own_shares SET roots = ?, tags = ?, watch = ? WHERE id = ?',
      JSON.stringify(roots),
      JSON.stringify(tags),
      watch ? 1 : 0,
      share.id,
    );
  }

  /**
   * The highest number that may be out already: of this node, of its subscription to the share, of others who were
   * asked. A folder restored from a backup would otherwise sign a second revision of a number.
   */
  #lastSeq(share: OwnShareRow, head: ShareHead | null, seenSeq: number): bigint {
    const subscribed = headOf(
      this.#database.get<{ head: Uint8Array | null }>(
        'SELECT head FROM subscriptions WHERE share_id = ?',
        share.share_id,
      ),
    );
    const known = [head?.latestSeq ?? 0n, subscribed?.latestSeq ?? 0n, BigInt(share.floor), BigInt(seenSeq)];
    return known.reduce((highest, seq) => (seq > highest ? seq : highest));
  }
}

/** Sources with what their items say of them. */
function ledgerSources({ items, sources }: Revision): readonly LedgerSource[] {
  const byContent = new Map(items.map((item) => [item.contentId.toLowerCase(), item]));
  return sources.map((source) => {
    const contentId = source.contentId.toLowerCase();
    const item = byContent.get(contentId);
    if (item === undefined || item.size !== source.size) {
      throw failure('E_USAGE', 'a source of a file that the revision does not list', {
        subject: source.path,
      });
    }
    const { chunkCount, chunkListHash } = item;
    return { ...source, contentId, chunkCount, chunkListHash };
  });
}
