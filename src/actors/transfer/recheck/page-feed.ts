import { lstat } from 'node:fs/promises';
import { blake3 } from '../../../protocol/crypto/blake3.ts';
import { fromHex, toHex } from '../../../protocol/crypto/bytes.ts';
import { CHUNK_HASH_LENGTH, CHUNK_SIZE } from '../../../protocol/objects/chunks.ts';
import { ChunkMap } from '../../chunk-map.ts';
import { eachBounded } from '../../each-bounded.ts';
import type { FilePart } from '../../hashing/contract.ts';
import type { HeldEntry, RecheckPlace } from '../../recheck-types.ts';
import type { TransferContext } from '../context.ts';
import { FileCheck } from './file-check.ts';
import type { Recheck } from './recheck.ts';

/** Chunks that a thread reads in one go: 16 MiB. */
const CHUNKS_A_PART = 64;
/** Parts of a page, which is what is lost when the process is killed. */
const MAX_PARTS = 1_000;
const ENTRIES_AT_ONCE = 500;
const LISTS_AT_ONCE = 8;

/** Chunks of a file that are read in one go. */
export interface PagePart {
  readonly check: FileCheck;
  readonly first: number;
  readonly end: number;
  readonly octets: FilePart;
  /** Nothing of the file comes after it. */
  readonly last: boolean;
}

/** The files that are to be checked, in pages, from where an earlier run was. */
export class PageFeed {
  readonly #context: TransferContext;
  readonly #recheck: Recheck;
  readonly #signal: AbortSignal;
  #entries: readonly HeldEntry[] = [];
  #next = 0;
  #after: RecheckPlace | null;
  #ended = false;
  #check: FileCheck | null = null;
  #chunk = 0;
  #resumed = false;

  constructor(context: TransferContext, recheck: Recheck, signal: AbortSignal) {
    this.#context = context;
    this.#recheck = recheck;
    this.#signal = signal;
    this.#after = recheck.after;
  }

  /** About so many octets, in order; null: that was all. */
  async next(octets: number): Promise<readonly PagePart[] | null> {
    const parts: PagePart[] = [];
    const begun: FileCheck[] = [];
    for (let sum = 0; sum < octets && parts.length < MAX_PARTS; ) {
      if (this.#check === null) {
        const entry = await this.#nextEntry();
        if (entry === null) break;
        this.#check = new FileCheck(entry);
        this.#chunk = 0;
        begun.push(this.#check);
        if (!this.#resumed) await this.#resume(this.#check);
      }
      const part = this.#cut(this.#check);
      sum += part.octets.to - part.octets.from;
      parts.push(part);
    }
    await eachBounded(begun, LISTS_AT_ONCE, async (check) => check.compareWith(await this.#listOf(check)));
    return parts.length === 0 ? null : parts;
  }

  #cut(check: FileCheck): PagePart {
    const { path, size } = check.entry;
    const first = this.#chunk;
    const end = Math.min(first + CHUNKS_A_PART, check.chunks);
    const last = end === check.chunks;
    this.#chunk = end;
    if (last) this.#check = null;
    const octets = { path, from: first * CHUNK_SIZE, to: Math.min(end * CHUNK_SIZE, size) };
    return { check, first, end, octets, last };
  }

  /** The first file may have been begun by an earlier run: its chunks count if it looks as it did. */
  async #resume(check: FileCheck): Promise<void> {
    this.#resumed = true;
    const { part } = this.#recheck;
    const { path } = check.entry;
    if (part === null || part.path !== path || part.chunk >= check.chunks) return;
    const bad = ChunkMap.from(check.chunks, part.bad);
    const look = await lstat(path, { bigint: true }).catch(() => null);
    const same = look?.mtimeNs === part.mtimeNs && look.ino === part.inode;
    if (bad === null || !same || (await this.#listOf(check)) === null) return;
    check.goOn(part.chunk, bad, part);
    this.#chunk = part.chunk;
  }

  async #nextEntry(): Promise<HeldEntry | null> {
    while (this.#next === this.#entries.length) {
      if (this.#ended) return null;
      const request = { shareId: this.#recheck.shareId, after: this.#after, limit: ENTRIES_AT_ONCE };
      const page = await this.#context.refs.store.ask('heldEntries', request, { signal: this.#signal });
      this.#entries = page.entries;
      this.#next = 0;
      this.#after = page.next;
      this.#ended = page.next === null;
    }
    return this.#entries[this.#next++]!;
  }

  /** What was signed for the file, and nothing else; null: this node has lost it. */
  async #listOf({ chunks, entry }: FileCheck): Promise<Uint8Array | null> {
    if (chunks === 0) return new Uint8Array(0);
    // The only chunk of a file is the file: one hash is both.
    if (chunks === 1) return fromHex(entry.contentId, CHUNK_HASH_LENGTH);
    const request = { contentId: entry.contentId };
    const list = await this.#context.refs.store.ask('hashList', request, { signal: this.#signal });
    const right =
      list !== null &&
      list.length === chunks * CHUNK_HASH_LENGTH &&
      toHex(blake3(list)) === entry.chunkListHash;
    return right ? list : null;
  }
}
