import type { Hex } from '../content-types.ts';
import type { Database } from './database.ts';
import type { KeyRing } from './key-ring.ts';
import type { LeaseChanges } from './lease-changes.ts';
import type { ManifestShelf } from './manifest-shelf.ts';
import { keyName, type OwnShares } from './own-shares.ts';
import type { SourceLedger } from './source-ledger.ts';

interface Parts {
  readonly database: Database;
  readonly shares: OwnShares;
  readonly shelf: ManifestShelf;
  readonly ledger: SourceLedger;
  readonly changes: LeaseChanges;
  readonly keys: KeyRing;
}

/** Takes own shares back. What others hold of them is theirs: nothing on the network can be called back. */
export class Withdrawal {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * No file of it is served from this share any more, and nobody is told of it. The key and the last number stay, so
   * that a publish under the same name is the same share; without the key there is never a newer revision of it.
   */
  async withdraw(shareId: Hex, forgetKey: boolean): Promise<{ name: string; items: number }> {
    const { database, shares, shelf, ledger, changes, keys } = this.#parts;
    const share = shares.row(shareId);
    const [items, voided, dropped] = database.transaction(() => {
      const { items: listed } = database.get<{ items: number | null }>(
        `SELECT sum(m.items) AS items FROM own_shares s JOIN manifests m ON m.id = s.manifest
         WHERE s.id = ?1 OR s.parent = ?1`,
        share.id,
      )!;
      const rows = database.all<{ id: number }>(
        'SELECT id FROM own_shares WHERE id = ?1 OR parent = ?1',
        share.id,
      );
      const contents = new Set(rows.flatMap(({ id }) => [...ledger.removeAll(id)]));
      if (forgetKey) database.run('DELETE FROM own_shares WHERE id = ?', share.id);
      else {
        database.run(
          `UPDATE own_shares SET withdrawn = 1, watch = 0, manifest = NULL, catalog = NULL
           WHERE id = ?1 OR parent = ?1`,
          share.id,
        );
      }
      return [listed ?? 0, contents, shelf.dropUnreferenced()] as const;
    });
    changes.announce(voided);
    await shelf.removeFiles(dropped);
    if (forgetKey && share.parent === null) await keys.forget(keyName(share.share_id));
    return { name: share.name, items };
  }
}
