import { concatBytes } from '../../protocol/crypto/bytes.ts';
import type { AnnouncedPage, AnnouncedPlace, AnnounceScope } from '../announced-types.ts';
import type { Database } from './database.ts';

const ID_LENGTH = 32;
/** Contents looked at for one answer. */
const PAGE = 1000;

interface Row {
  readonly content_id: Uint8Array;
  readonly epoch: number;
  readonly wanted: number;
}

/** An own share's file that is there and whose share is not withdrawn. */
const OWN = `EXISTS (SELECT 1 FROM sources s JOIN own_shares o ON o.id = s.share JOIN manifests m ON m.id = o.manifest
  WHERE s.content_id = c.content_id AND s.gone = 0 AND o.withdrawn = 0 AND (m.public = 1 OR ?2))`;
/** A download that is there and that a subscribed share still lists. */
const DOWNLOADED = `EXISTS (SELECT 1 FROM held h WHERE h.content_id = c.content_id AND h.gone = 0)
  AND EXISTS (SELECT 1 FROM items i JOIN subscriptions u ON u.manifest = i.manifest JOIN manifests m ON m.id = i.manifest
  WHERE i.content_id = c.content_id AND (m.public = 1 OR ?2))`;

const pageOf = (table: string, wanted: string) =>
  `SELECT content_id, epoch, ${wanted} AS wanted FROM (
     SELECT content_id, max(epoch) AS epoch FROM ${table} WHERE content_id > ?1
     GROUP BY content_id ORDER BY content_id LIMIT ${PAGE}) c`;

/** What this node serves and may say so of: by content, over all shares. */
export class AnnouncedContents {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  page(scope: AnnounceScope, after: AnnouncedPlace | null): AnnouncedPage {
    const downloads = after?.downloads ?? false;
    const rows = this.#rows(
      downloads ? pageOf('held', DOWNLOADED) : pageOf('sources', OWN),
      scope,
      after?.contentId ?? new Uint8Array(0),
    );
    const taken = rows.filter(({ wanted }) => wanted === 1);
    const last = rows.length < PAGE ? undefined : rows.at(-1)?.content_id;
    return {
      ids: concatBytes(...taken.map((row) => row.content_id)),
      epochs: taken.map(({ epoch }) => epoch),
      next:
        last !== undefined
          ? { downloads, contentId: last }
          : downloads || !scope.downloads
            ? null
            : { downloads: true, contentId: new Uint8Array(0) },
    };
  }

  still(scope: AnnounceScope, ids: Uint8Array): Uint8Array {
    const kept: Uint8Array[] = [];
    const wanted = scope.downloads ? `(${OWN}) OR (${DOWNLOADED})` : OWN;
    for (let at = 0; at + ID_LENGTH <= ids.length && at < PAGE * ID_LENGTH; at += ID_LENGTH) {
      const id = ids.subarray(at, at + ID_LENGTH);
      const [row] = this.#rows(
        `SELECT content_id, 0 AS epoch, ${wanted} AS wanted FROM (SELECT ?1 AS content_id) c`,
        scope,
        id,
      );
      if (row?.wanted === 1) kept.push(id);
    }
    return concatBytes(...kept);
  }

  #rows(sql: string, scope: AnnounceScope, after: Uint8Array): readonly Row[] {
    return this.#database.all<Row>(sql, after, scope.private ? 1 : 0);
  }
}
