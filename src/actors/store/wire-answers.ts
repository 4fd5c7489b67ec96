import { DecodeError } from '../../protocol/cbor/decode-error.ts';
import { Reader } from '../../protocol/cbor/reader.ts';
import { MAX_DHT_VALUE } from '../../protocol/objects/dht-value.ts';
import { compareShareHeads, shareHead } from '../../protocol/objects/share-head.ts';
import {
  CHUNK_HASHES_NOT_FOUND,
  MANIFEST_NOT_FOUND,
  UNSUPPORTED_MESSAGE_TYPE,
  undecodable,
} from '../../protocol/wire/errors.ts';
import { MAX_PAYLOAD } from '../../protocol/wire/limits.ts';
import { FIND_VALUE, GET_CHUNK_HASHES, GET_MANIFEST } from '../../protocol/wire/message-types.ts';
import { decodeRequest, encodeReply } from '../../protocol/wire/registry.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { StoreContext } from './context.ts';
import type { Database } from './database.ts';
import type { HashLists } from './hash-lists.ts';
import type { ManifestShelf } from './manifest-shelf.ts';

/** What values of the DHT are refreshed to (SCP2P wire, section 10.4): ours are as fresh as that at any moment. */
const VALUE_TTL = 86_400n;

/** Answers of the network that come from here. Heads and manifests are the same in every dialect. */
export class WireAnswers {
  readonly #metrics: StoreContext['metrics'];
  readonly #database: Database;
  readonly #shelf: ManifestShelf;
  readonly #hashLists: HashLists;

  constructor(
    { metrics }: Pick<StoreContext, 'metrics'>,
    parts: { database: Database; shelf: ManifestShelf; hashLists: HashLists },
  ) {
    this.#metrics = metrics;
    this.#database = parts.database;
    this.#shelf = parts.shelf;
    this.#hashLists = parts.hashLists;
  }

  async answer({ type, payload }: WireRequest): Promise<WireReply> {
    try {
      switch (type) {
        case FIND_VALUE:
          return await this.#value(decodeRequest(FIND_VALUE, payload).key);
        case GET_MANIFEST:
          return await this.#manifest(decodeRequest(GET_MANIFEST, payload).manifestId);
        case GET_CHUNK_HASHES:
          return await this.#hashList(decodeRequest(GET_CHUNK_HASHES, payload).contentId);
        default:
          return { error: UNSUPPORTED_MESSAGE_TYPE };
      }
    } catch (error) {
      if (error instanceof DecodeError) return { error: undecodable(error) };
      throw error;
    }
  }

  /** Private shares as well: whoever knows the id of one was told of it (SCP2P wire, section 10.7). */
  async #value(key: Uint8Array): Promise<WireReply> {
    const value = this.#head(key) ?? (await this.#smallManifest(key));
    const found = value === null ? null : { key, value, ttlSecs: VALUE_TTL };
    return { payload: encodeReply(FIND_VALUE, { value: found, closerPeers: [] }) };
  }

  async #manifest(manifestId: Uint8Array): Promise<WireReply> {
    const bytes = await this.#shelf.read(manifestId);
    if (bytes === null) return { error: MANIFEST_NOT_FOUND };
    const payload = encodeReply(GET_MANIFEST, { manifestId, bytes });
    // One that came in a shorter encoding may not fit in the ordinary one.
    if (payload.length > MAX_PAYLOAD) return { error: MANIFEST_NOT_FOUND };
    this.#metrics.add('manifests_served', 1);
    return { payload };
  }

  async #hashList(contentId: Uint8Array): Promise<WireReply> {
    const hashes = await this.#hashLists.read(contentId);
    if (hashes === null) return { error: CHUNK_HASHES_NOT_FOUND };
    const payload = encodeReply(GET_CHUNK_HASHES, { contentId, hashes });
    if (payload.length > MAX_PAYLOAD) return { error: CHUNK_HASHES_NOT_FOUND };
    this.#metrics.add('hash_lists_served', 1);
    return { payload };
  }

  /** The newest head under that key; an own share may be subscribed as well. */
  #head(key: Uint8Array): Uint8Array | null {
    const rows = this.#database.all<{ head: Uint8Array }>(
      `SELECT head FROM own_shares WHERE head_key = ? AND head IS NOT NULL AND withdrawn = 0
       UNION ALL SELECT head FROM subscriptions WHERE head_key = ? AND head IS NOT NULL`,
      key,
      key,
    );
    const decode = (octets: Uint8Array) => shareHead.read(new Reader(octets));
    const [newest] = rows.toSorted((a, b) => compareShareHeads(decode(b.head), decode(a.head)));
    return newest?.head ?? null;
  }

  async #smallManifest(key: Uint8Array): Promise<Uint8Array | null> {
    const row = this.#database.get<{ manifest_id: Uint8Array }>(
      'SELECT manifest_id FROM manifests WHERE dht_key = ? AND length <= ?',
      key,
      MAX_DHT_VALUE,
    );
    return row === undefined ? null : await this.#shelf.read(row.manifest_id);
  }
}
