import { blake3 } from '../../../protocol/crypto/blake3.ts';
import { bytesEqual, toHex } from '../../../protocol/crypto/bytes.ts';
import { CHUNK_HASH_LENGTH, CHUNK_SIZE, chunkCount } from '../../../protocol/objects/chunks.ts';
import type { ErrorRecord } from '../../../supervisor/contract/actor-error.ts';
import { ChunkMap } from '../../chunk-map.ts';
import type { CheckedPart } from '../../hashing/contract.ts';
import type { HeldEntry, WrongState } from '../../recheck-types.ts';

export interface Look {
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

/** What became of the check of a file. `offline` is not told from `missing` here. */
export type CheckOutcome =
  | { readonly state: 'right'; readonly look: Look }
  | { readonly state: WrongState; readonly found: number | null; readonly reason: string | null };

/** One file, compared chunk by chunk with the hashes that were signed for it. Pure. */
export class FileCheck {
  readonly entry: HeldEntry;
  readonly chunks: number;
  /** Chunks that are not right. */
  bad: ChunkMap;
  #hashes: Uint8Array | null = null;
  /** Without a list to compare with: all hashes that were found. */
  #found: Uint8Array | null = null;
  #look: (Look & { readonly size: number }) | null = null;
  #error: ErrorRecord | null = null;
  #before: Pick<Look, 'mtimeNs' | 'inode'> | null = null;
  #moved = false;
  #unreadable = 0;

  constructor(entry: HeldEntry) {
    this.entry = entry;
    this.chunks = chunkCount(entry.size);
    this.bad = ChunkMap.none(this.chunks);
  }

  /** The list that was signed; null: it is lost, and what is found is compared as a whole. */
  compareWith(list: Uint8Array | null): void {
    this.#hashes = list;
    if (list === null) this.#found = new Uint8Array(this.chunks * CHUNK_HASH_LENGTH);
  }

  /** Chunks before were compared by an earlier run, when the file looked so. */
  goOn(chunk: number, bad: ChunkMap, looked: Pick<Look, 'mtimeNs' | 'inode'>): void {
    this.bad = bad;
    for (let later = chunk; later < this.chunks; later++) bad.delete(later);
    this.#before = looked;
  }

  /** False: its list is lost, so that it is compared only as a whole. */
  get hasList(): boolean {
    return this.#hashes !== null;
  }

  get look(): Look | null {
    return this.#look;
  }

  /** What a part beginning with chunk `first` and ending before `end` holds. Octets that were compared. */
  take(first: number, end: number, part: CheckedPart): number {
    const before = this.#look ?? this.#before;
    if (before !== null && (before.mtimeNs !== part.mtimeNs || before.inode !== part.inode))
      this.#moved = true;
    const { size, mtimeNs, ctimeNs, inode } = part;
    this.#look = { size, mtimeNs, ctimeNs, inode };
    this.#unreadable += part.unreadable.length;
    this.#found?.set(part.hashes.subarray(0, (end - first) * CHUNK_HASH_LENGTH), first * CHUNK_HASH_LENGTH);
    for (let chunk = first; chunk < end; chunk++) {
      const found = hashAt(part.hashes, chunk - first);
      const wrong = this.#hashes === null ? found === null : !isSame(found, hashAt(this.#hashes, chunk));
      if (wrong) this.bad.add(chunk);
    }
    for (const chunk of part.unreadable) this.bad.add(first + chunk);
    const from = first * CHUNK_SIZE;
    return Math.max(0, Math.min(end * CHUNK_SIZE, this.entry.size, size) - from);
  }

  /** A part of it could not be had. */
  fail(first: number, end: number, error: ErrorRecord): void {
    this.#error ??= error;
    for (let chunk = first; chunk < end; chunk++) this.bad.add(chunk);
  }

  /** Once every part has come. */
  outcome(): CheckOutcome {
    const { entry } = this;
    const found = this.#look?.size ?? null;
    if (this.#error !== null) return failed(this.#error, found);
    if (this.#look === null) return { state: 'missing', found: null, reason: null };
    if (this.#moved) return { state: 'busy', found, reason: 'it changed while it was read' };
    const wrong = (state: WrongState, reason: string | null = null) => ({ state, found, reason });
    if (this.#look.size < entry.size) return wrong('short');
    if (this.#look.size > entry.size) return wrong('long');
    if (this.#unreadable > 0 && this.#unreadable === this.bad.count) {
      return wrong('unreadable', 'the disk does not give all of it');
    }
    const isRight =
      this.bad.count === 0 && (this.#found === null || toHex(blake3(this.#found)) === entry.chunkListHash);
    if (isRight) return { state: 'right', look: this.#look };
    return wrong(entry.place !== null && !sameLook(this.#look, entry) ? 'changed' : 'damaged');
  }

  /** The list of the file, if it was lost and is known again. */
  get restored(): Uint8Array | null {
    return this.#found;
  }
}

export const sameLook = (a: Look, b: Look): boolean =>
  a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.inode === b.inode;

function failed({ code, message }: ErrorRecord, found: number | null): CheckOutcome {
  if (code === 'E_NOT_FOUND') return { state: 'missing', found: null, reason: null };
  return { state: code === 'E_FILE_CHANGED' ? 'busy' : 'unreadable', found, reason: message };
}

function hashAt(hashes: Uint8Array, place: number): Uint8Array | null {
  const from = place * CHUNK_HASH_LENGTH;
  return from + CHUNK_HASH_LENGTH <= hashes.length ? hashes.subarray(from, from + CHUNK_HASH_LENGTH) : null;
}

const isSame = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a !== null && b !== null && bytesEqual(a, b);
