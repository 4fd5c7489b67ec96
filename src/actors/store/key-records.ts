import { failure } from '../../errors.ts';
import {
  type DhtContent,
  keysOf,
  parseDhtValue,
  verifyDhtContent,
} from '../../protocol/objects/dht-value.ts';
import { replacesRevocation, replacesRotation } from '../../protocol/objects/identity-registry.ts';
import type { Database } from './database.ts';

/** Two of each key that leads to a subscribed share; the oldest make room. */
const MAX_RECORDS = 65_536;

type KeyRecord = Extract<DhtContent, { kind: 'key-rotation' | 'key-revocation' }>;

/** Rotations and revocations of keys that shares of this node have to do with: a key that was voided stays so. */
export class KeyRecords {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** As values of the DHT, those that came first first. */
  all(): readonly Uint8Array[] {
    return this.#database
      .all<{ record: Uint8Array }>('SELECT record FROM key_records ORDER BY id')
      .map(({ record }) => record);
  }

  /** `E_USAGE` for what is no such record, or not signed. One that is superseded by what is kept changes nothing. */
  keep(octets: Uint8Array, now: bigint): void {
    const next = keyRecord(octets);
    if (next === null || !verifyDhtContent(next, now).ok) {
      throw failure('E_USAGE', 'this is no rotation or revocation of a key');
    }
    const key = keysOf(next)[0]!;
    this.#database.groupedTransaction(() => {
      const row = this.#database.get<{ record: Uint8Array }>(
        'SELECT record FROM key_records WHERE dht_key = ?',
        key,
      );
      if (row !== undefined && !replaces(keyRecord(row.record), next)) return;
      this.#database.run('INSERT OR REPLACE INTO key_records (dht_key, record) VALUES (?, ?)', key, octets);
      this.#database.run(
        'DELETE FROM key_records WHERE id <= (SELECT max(id) FROM key_records) - ?',
        MAX_RECORDS,
      );
    });
  }
}

function keyRecord(octets: Uint8Array): KeyRecord | null {
  const content = parseDhtValue(octets);
  return content?.kind === 'key-rotation' || content?.kind === 'key-revocation' ? content : null;
}

/** Records of one kind stand under one key. */
function replaces(known: KeyRecord | null, next: KeyRecord): boolean {
  if (known?.kind === 'key-rotation' && next.kind === 'key-rotation') {
    return replacesRotation(known.value, next.value);
  }
  if (known?.kind === 'key-revocation' && next.kind === 'key-revocation') {
    return replacesRevocation(known.value, next.value);
  }
  return true;
}
