import { rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { failure } from '../../errors.ts';
import { blake3 } from '../../protocol/crypto/blake3.ts';
import { bytesEqual, toHex } from '../../protocol/crypto/bytes.ts';
import { CHUNK_HASH_LENGTH } from '../../protocol/objects/chunks.ts';
import type { Hex } from '../content-types.ts';
import { eachBounded } from '../each-bounded.ts';
import type { StoreContext } from './context.ts';
import type { Database } from './database.ts';
import { syncFolder, writeFileAtomically } from './durable-file.ts';
import { idOctets, isHexId } from './hex-ids.ts';
import type { SmallFiles } from './small-files.ts';

/** Files written at the same time: the syncs of several share one trip to the disk. */
const PARALLEL = 4;
/** Milliseconds of sweeping before others on this thread get their turn. */
const SLICE_MS = 4;

interface Claim {
  readonly chunk_count: number;
  readonly chunk_list_hash: Uint8Array;
}

interface HashList {
  readonly contentId: Hex;
  readonly hashes: Uint8Array;
}

/**
 * Chunk hash lists, a file each, named by content ids. A content of one chunk needs none: the hash of its chunk is its
 * id. What counts is decided on reading: the list must have the hash that a catalog or the ledger names.
 */
export class HashLists {
  readonly #context: Pick<StoreContext, 'log' | 'clock'>;
  readonly #database: Database;
  readonly #folder: string;
  readonly #files: SmallFiles;
  /** Contents whose list lies in the folder, as far as is known. */
  readonly #present: Set<Hex>;
  /** What was put in this life: it may belong to a revision that is not committed yet. */
  readonly #fresh = new Set<Hex>();
  readonly #atStart: readonly string[];

  private constructor(
    context: Pick<StoreContext, 'log' | 'clock'>,
    database: Database,
    folder: string,
    files: SmallFiles,
    atStart: readonly string[],
  ) {
    this.#context = context;
    this.#database = database;
    this.#folder = folder;
    this.#files = files;
    this.#atStart = atStart;
    this.#present = new Set(atStart.filter(isHexId));
  }

  static async open(
    context: Pick<StoreContext, 'log' | 'clock'>,
    database: Database,
    folder: string,
    files: SmallFiles,
  ): Promise<HashLists> {
    return new HashLists(context, database, folder, files, await readdir(folder));
  }

  /** Whether a list of that many chunks is at hand, looked at or not. */
  has(contentId: Hex, chunkCount: number): boolean {
    return chunkCount <= 1 || this.#present.has(contentId);
  }

  /** Durable when it resolves, unless that is not asked for. A list that contradicts the ledger's own is passed over. */
  async put(lists: readonly HashList[], durable = true): Promise<void> {
    const wanted: HashList[] = [];
    for (const { contentId, hashes } of lists) {
      const id = idOctets(contentId, 'content id');
      if (hashes.length % CHUNK_HASH_LENGTH !== 0) {
        throw failure('E_USAGE', 'a hash list has 32 octets a chunk', { subject: contentId });
      }
      if (hashes.length <= CHUNK_HASH_LENGTH) continue;
      const own = this.#ownClaims(id);
      if (own.length > 0 && !own.some((claim) => isMeant(claim, hashes))) {
        this.#context.log.warn({ contentId }, 'a hash list that is not that of the published file: not kept');
        continue;
      }
      wanted.push({ contentId: toHex(id), hashes });
    }
    if (wanted.length === 0) return;
    await eachBounded(wanted, PARALLEL, (list) => this.#write(list, durable));
    if (durable) await syncFolder(this.#folder);
  }

  /** 32 octets a chunk; null when there is no list, or none that has the hash it should have. */
  async read(contentId: Uint8Array): Promise<Uint8Array | null> {
    const claims = this.#claims(contentId);
    const short = [new Uint8Array(), contentId];
    for (const claim of claims) {
      const list = short[claim.chunk_count];
      if (list !== undefined && isMeant(claim, list)) return list;
    }
    const name = toHex(contentId);
    if (claims.length === 0 || !this.#present.has(name)) return null;
    const longest = Math.max(...claims.map(({ chunk_count }) => chunk_count));
    const list = await this.#readFile(name, longest * CHUNK_HASH_LENGTH);
    if (list !== null && claims.some((claim) => isMeant(claim, list))) return list;
    // Whoever publishes the content again has its list made again.
    this.#present.delete(name);
    this.#context.log.error({ contentId: name }, 'a hash list is damaged on disk');
    return null;
  }

  /** Removes what was there at the start and nothing refers to now. Lets the event loop go round in between. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#context;
    let removed = 0;
    let until = Number.NEGATIVE_INFINITY;
    for (const name of this.#atStart) {
      if (clock.now() >= until) {
        await setImmediate();
        if (signal.aborted) return;
        until = clock.now() + SLICE_MS;
      }
      if (this.#fresh.has(name)) continue;
      if (isHexId(name) && this.#isClaimed(idOctets(name, 'content id'))) continue;
      // At once: between the question and the removal nobody may put a list of that name.
      rmSync(join(this.#folder, name), { force: true, recursive: true });
      this.#present.delete(name);
      removed++;
    }
    if (removed > 0) log.info({ files: removed }, 'hash lists that nothing refers to are removed');
  }

  async #write({ contentId, hashes }: HashList, durable: boolean): Promise<void> {
    this.#fresh.add(contentId);
    const held = this.#present.has(contentId) ? await this.#readFile(contentId, hashes.length) : null;
    if (held !== null && bytesEqual(held, hashes)) return;
    await writeFileAtomically(join(this.#folder, contentId), hashes, durable);
    this.#present.add(contentId);
  }

  async #readFile(name: Hex, octets: number): Promise<Uint8Array | null> {
    try {
      return await this.#files.read(join(this.#folder, name), octets);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'EIO' || code === 'EISDIR') return null;
      throw error;
    }
  }

  #isClaimed(contentId: Uint8Array): boolean {
    const { claimed } = this.#database.get<{ claimed: number }>(
      `SELECT EXISTS (SELECT 1 FROM sources WHERE content_id = ?1)
           OR EXISTS (SELECT 1 FROM items WHERE content_id = ?1)
           OR EXISTS (SELECT 1 FROM journal WHERE content_id = ?1)
           OR EXISTS (SELECT 1 FROM held WHERE content_id = ?1) AS claimed`,
      contentId,
    )!;
    return claimed === 1;
  }

  #ownClaims(contentId: Uint8Array): readonly Claim[] {
    return this.#database.all<Claim>(
      'SELECT DISTINCT chunk_count, chunk_list_hash FROM sources WHERE content_id = ?',
      contentId,
    );
  }

  /** What the ledger says first, then what catalogs say: somebody else's may lie. */
  #claims(contentId: Uint8Array): readonly Claim[] {
    const listed = this.#database.all<Claim>(
      `SELECT DISTINCT chunk_count, chunk_list_hash FROM held WHERE content_id = ?1
       UNION SELECT DISTINCT chunk_count, chunk_list_hash FROM items WHERE content_id = ?1`,
      contentId,
    );
    return [...this.#ownClaims(contentId), ...listed];
  }
}

function isMeant(claim: Claim, hashes: Uint8Array): boolean {
  return (
    hashes.length === claim.chunk_count * CHUNK_HASH_LENGTH &&
    bytesEqual(blake3(hashes), claim.chunk_list_hash)
  );
}
