import { failure } from '../../errors.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import type { Hex } from '../content-types.ts';
import type { ItemPlaces, ItemRow, ListedItem, SharePage, ShareRoot } from '../share-types.ts';
import type { Catalog } from './catalog.ts';
import type { ChangeLog } from './change-log.ts';
import type { Database } from './database.ts';
import { isHexId } from './hex-ids.ts';
import { shareNamed } from './resolve.ts';
import type { SourceLedger } from './source-ledger.ts';

interface OwnRow {
  readonly id: number;
  readonly roots: string;
}

/** Parts of the lists of shares, with all that this database knows of where the files lie: one question for a page. */
export class SharePages {
  readonly #database: Database;
  readonly #catalog: Catalog;
  readonly #ledger: SourceLedger;
  readonly #changeLog: ChangeLog;

  constructor(database: Database, catalog: Catalog, ledger: SourceLedger, changeLog: ChangeLog) {
    this.#database = database;
    this.#catalog = catalog;
    this.#ledger = ledger;
    this.#changeLog = changeLog;
  }

  /** `E_NOT_FOUND` for a share that is not known, `E_USAGE` for the beginning of several ids. */
  page(text: string, cursor: number, limit: number): SharePage {
    const share = shareNamed(this.#catalog, text);
    if (share === null) {
      const message = isHexId(text)
        ? 'neither published nor subscribed here'
        : 'no share of that id or name here';
      throw failure('E_NOT_FOUND', message, { subject: text });
    }
    const { items, next } = this.#catalog.pageOf(share, cursor, limit);
    const places = this.placesOf(share.shareId, items);
    return { items: items.map(listed), places, next, revision: this.#changeLog.revision };
  }

  /** Where files of one share lie. */
  placesOf(shareId: Hex, items: readonly ListedItem[]): ItemPlaces {
    const own = this.#database.get<OwnRow>(
      'SELECT id, roots FROM own_shares WHERE share_id = ? AND withdrawn = 0 AND parent IS NULL',
      fromHex(shareId, 32)!,
    );
    if (own === undefined) return { roots: null, states: items.map((item) => this.#served(item)) };
    const paths = items.map(({ path, name }) => path ?? name);
    return { roots: JSON.parse(own.roots) as ShareRoot[], sources: this.#ledger.at(own.id, paths) };
  }

  #served({ contentId }: ListedItem): 'held' | 'remote' {
    const row = this.#database.get(
      `SELECT 1 WHERE EXISTS (SELECT 1 FROM sources WHERE content_id = ?1 AND gone = 0)
         OR EXISTS (SELECT 1 FROM held WHERE content_id = ?1 AND gone = 0)`,
      fromHex(contentId, 32)!,
    );
    return row === undefined ? 'remote' : 'held';
  }
}

/** Half of an item crosses to the other thread in half of the time. */
export const listed = ({ contentId, path, name, size, chunkCount }: ItemRow): ListedItem => ({
  contentId,
  path,
  name,
  size,
  chunkCount,
});
