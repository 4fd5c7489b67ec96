import { toHex } from '../../protocol/crypto/bytes.ts';
import type { Hex } from '../content-types.ts';
import type { Database } from './database.ts';

/** Shares whose present list has this content: own ones that are not withdrawn, and subscribed ones. */
export function sharesOf(database: Database, contentId: Uint8Array): Hex[] {
  const rows = database.all<{ share_id: Uint8Array }>(
    `SELECT share_id FROM items JOIN own_shares ON own_shares.manifest = items.manifest
       WHERE content_id = ?1 AND withdrawn = 0
     UNION
     SELECT share_id FROM items JOIN subscriptions ON subscriptions.manifest = items.manifest
       WHERE content_id = ?1`,
    contentId,
  );
  return rows.map((row) => toHex(row.share_id));
}
