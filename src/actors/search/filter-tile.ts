import { BLOCK_BITS, blockOf, PROBES, stepOf } from './bloom.ts';
import type { TermHash } from './term-hash.ts';
import { transpose } from './transpose.ts';

/** Filters in one word of a row. */
const WORD = 32;
/** Words of a row at most. More would ask fewer places for an entry, and copy more when a tile grows. */
export const TILE_WORDS = 8;

/**
 * Bloom filters of one size side by side: a row for each bit of them, in which each filter has a column. The filters that
 * may have an entry are those whose columns are set in all rows that the entry has.
 */
export class FilterTile {
  readonly #bits: number;
  /** Words of a row by now. */
  #width = 0;
  #rows = new Uint32Array(0);
  readonly #used = new Set<number>();

  constructor(bits: number) {
    this.#bits = bits;
  }

  get octets(): number {
    return this.#rows.byteLength;
  }

  /** Makes room for so many more, as far as a tile has it: growing is copying. */
  reserve(count: number): void {
    const width = Math.min(TILE_WORDS, Math.ceil((this.#used.size + count) / WORD));
    if (width > this.#width) this.#grow(width);
  }

  /** Puts in place as many of the filters as go into one word of the rows; the columns of those, the first ones. */
  put(filters: readonly Uint32Array[]): readonly number[] {
    const columns: number[] = [];
    for (let column = 0; column < this.#width * WORD && columns.length < filters.length; column++) {
      if (columns.length > 0 && column % WORD === 0) break;
      if (!this.#used.has(column)) columns.push(column);
    }
    if (columns.length > 0) this.#write(columns, filters);
    return columns;
  }

  /** Until it is put in use again, the column still says what it said. */
  free(column: number): void {
    this.#used.delete(column);
    if (this.#used.size > 0) return;
    this.#width = 0;
    this.#rows = new Uint32Array(0);
  }

  /** Sets the columns of the filters that may have the entry, in the words from `at` on. */
  look(hash: TermHash, into: Uint32Array, at: number): void {
    const rows = this.#rows;
    const width = this.#width;
    const block = blockOf(hash, this.#bits) * BLOCK_BITS;
    let { second: probe } = hash;
    const step = stepOf(probe);
    for (let word = 0; word < width; word++) into[at + word] = 0xffffffff;
    for (let i = 0; i < PROBES; i++, probe += step) {
      const row = (block + (probe & (BLOCK_BITS - 1))) * width;
      for (let word = 0; word < width; word++) into[at + word]! &= rows[row + word]!;
    }
  }

  #grow(width: number): void {
    const before = this.#width;
    const rows = new Uint32Array(this.#bits * width);
    for (let row = 0; row < this.#bits; row++) {
      for (let word = 0; word < before; word++) rows[row * width + word] = this.#rows[row * before + word]!;
    }
    this.#width = width;
    this.#rows = rows;
  }

  /** A row for each bit is what the filters are when they are turned about, 32 by 32 bits at once. */
  #write(columns: readonly number[], filters: readonly Uint32Array[]): void {
    let others = -1;
    for (const column of columns) {
      this.#used.add(column);
      others ^= 1 << (column & 31);
    }
    const rows = this.#rows;
    const width = this.#width;
    const square = new Int32Array(WORD);
    let place = columns[0]! >>> 5;
    for (let at = 0; at < this.#bits / WORD; at++) {
      square.fill(0);
      for (let i = 0; i < columns.length; i++) square[columns[i]! & 31] = filters[i]![at]!;
      transpose(square);
      for (let row = 0; row < WORD; row++, place += width)
        rows[place] = (rows[place]! & others) | square[row]!;
    }
  }
}
