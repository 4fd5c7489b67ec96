import { BLOCK_BITS, blockOf, PROBES, stepOf } from './bloom.ts';
import type { TermHash } from './term-hash.ts';
import { transpose } from './transpose.ts';

/** Octets of a row at most. More would ask fewer places for an entry, and copy more when a tile grows. */
export const TILE_OCTETS = 32;
/** Bits that are turned about at once, on either side. */
const SQUARE = 32;

/**
 * Bloom filters of one size side by side: a row for each bit of them, in which each filter has a column. The filters that
 * may have an entry are those whose columns are set in all rows that the entry has.
 */
export class FilterTile {
  readonly #bits: number;
  /** Octets of a row by now: few where there are few filters, because there are several sizes of them. */
  #width = 0;
  #rows = new Uint8Array(0);
  readonly #used = new Set<number>();

  constructor(bits: number) {
    this.#bits = bits;
  }

  get octets(): number {
    return this.#rows.byteLength;
  }

  /** Makes room for so many more, as far as a tile has it: growing is copying. */
  reserve(count: number): void {
    const width = Math.min(TILE_OCTETS, Math.ceil((this.#used.size + count) / 8));
    if (width > this.#width) this.#grow(width);
  }

  /** Puts in place as many of the filters as find room side by side; the columns of those, the first ones. */
  put(filters: readonly Uint32Array[]): readonly number[] {
    const end = this.#width * 8;
    let first = 0;
    while (first < end && this.#used.has(first)) first++;
    first &= ~7;
    const columns: number[] = [];
    for (
      let column = first;
      column < Math.min(end, first + SQUARE) && columns.length < filters.length;
      column++
    ) {
      if (!this.#used.has(column)) columns.push(column);
    }
    if (columns.length > 0) this.#write(first, columns, filters);
    return columns;
  }

  /** Until it is put in use again, the column still says what it said. */
  free(column: number): void {
    this.#used.delete(column);
    if (this.#used.size > 0) return;
    this.#width = 0;
    this.#rows = new Uint8Array(0);
  }

  /** Sets the columns of the filters that may have the entry, in the octets from `at` on. */
  look(hash: TermHash, into: Uint8Array, at: number): void {
    const rows = this.#rows;
    const width = this.#width;
    const block = blockOf(hash, this.#bits) * BLOCK_BITS;
    let { second: probe } = hash;
    const step = stepOf(probe);
    for (let octet = 0; octet < width; octet++) into[at + octet] = 0xff;
    for (let i = 0; i < PROBES; i++, probe += step) {
      const row = (block + (probe & (BLOCK_BITS - 1))) * width;
      for (let octet = 0; octet < width; octet++) into[at + octet]! &= rows[row + octet]!;
    }
  }

  #grow(width: number): void {
    const before = this.#width;
    const rows = new Uint8Array(this.#bits * width);
    for (let row = 0; row < this.#bits; row++) {
      for (let octet = 0; octet < before; octet++)
        rows[row * width + octet] = this.#rows[row * before + octet]!;
    }
    this.#width = width;
    this.#rows = rows;
  }

  /** A row for each bit is what the filters are when they are turned about. */
  #write(first: number, columns: readonly number[], filters: readonly Uint32Array[]): void {
    let others = -1;
    for (const column of columns) {
      this.#used.add(column);
      others ^= 1 << (column - first);
    }
    const rows = this.#rows;
    const width = this.#width;
    const square = new Int32Array(SQUARE);
    const octets = Math.min(SQUARE / 8, width - first / 8);
    let place = first / 8;
    for (let at = 0; at < this.#bits / SQUARE; at++) {
      square.fill(0);
      for (let i = 0; i < columns.length; i++) square[columns[i]! - first] = filters[i]![at]!;
      transpose(square);
      for (let row = 0; row < SQUARE; row++, place += width) {
        for (let octet = 0, shift = 0; octet < octets; octet++, shift += 8) {
          rows[place + octet] = (rows[place + octet]! & (others >>> shift)) | (square[row]! >>> shift);
        }
      }
    }
  }
}
