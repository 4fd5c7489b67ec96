import { numbersIn } from './bits.ts';
import { bloomAdd } from './bloom.ts';
import { FilterTile, TILE_OCTETS } from './filter-tile.ts';
import { hashShareTerm, type TermHash } from './term-hash.ts';

/** Larger filters are folded: a row of theirs would be large for the few that there are. */
const MOST_BITS = 2 ** 18;
/** Filters put in place at once. */
const BATCH = 32;

/** What a share is known by: the filter of its segment and the terms of its own texts. */
export interface Filtered {
  readonly segment: { readonly filter: Uint32Array };
  readonly texts: ReadonlySet<string>;
}

/** A bit for each slot. */
export type Slots = Uint8Array;

/**
 * The Bloom filters of all shares as one, bit by bit (Goodwin and others, "BitFunnel", 2017): which shares may have a term
 * is read from six rows of bits, where asking each share would wait for the memory hundreds of times. Filters of one
 * size share their tiles; each share has a slot, which it keeps until it is removed.
 */
export class SlicedFilter<T extends Filtered> {
  readonly #tiles: FilterTile[] = [];
  /** Places of the tiles by the size of their filters. */
  readonly #bySize = new Map<number, number[]>();
  readonly #waiting = new Set<T>();
  readonly #slots = new Map<T, number>();
  readonly #shares: (T | undefined)[] = [];

  get octets(): number {
    return this.#tiles.reduce((sum, { octets }) => sum + octets, 0);
  }

  /** How many octets a bit for each slot takes. */
  get width(): number {
    return this.#tiles.length * TILE_OCTETS;
  }

  /** In place after the next `settle`. */
  add(share: T): void {
    this.#waiting.add(share);
  }

  remove(share: T): void {
    this.#waiting.delete(share);
    const slot = this.#slots.get(share);
    if (slot === undefined) return;
    this.#slots.delete(share);
    this.#shares[slot] = undefined;
    this.#tiles[Math.floor(slot / SLOTS_A_TILE)]!.free(slot % SLOTS_A_TILE);
  }

  /** Of a share in place. */
  slot(share: T): number {
    return this.#slots.get(share)!;
  }

  /** Puts in place what was added. A generator that yields every few milliseconds. */
  *settle(): Generator<undefined, void, void> {
    while (this.#waiting.size > 0) {
      const size = sizeOf(this.#waiting.values().next().value!);
      this.#put(
        [...this.#waiting].filter((share) => sizeOf(share) === size),
        size,
      );
      yield;
    }
  }

  /** The slots of shares that may have an entry, and of none that certainly has not. */
  look(hash: TermHash): Slots {
    const found = new Uint8Array(this.width);
    for (let i = 0; i < this.#tiles.length; i++) this.#tiles[i]!.look(hash, found, i * TILE_OCTETS);
    return found;
  }

  /** The shares in those slots. */
  sharesAt(slots: Slots): T[] {
    return numbersIn(slots, 0, slots.length, Number.POSITIVE_INFINITY).flatMap(
      (slot) => this.#shares[slot] ?? [],
    );
  }

  /** Those of one size that find room together. */
  #put(waiting: readonly T[], size: number): void {
    const places = this.#bySize.get(size) ?? [];
    this.#bySize.set(size, places);
    const filters = waiting.slice(0, BATCH).map((share) => filterOf(share, size));
    let columns: readonly number[] = [];
    for (let i = 0; columns.length === 0; i++) {
      if (i === places.length) places.push(this.#tiles.push(new FilterTile(size)) - 1);
      const tile = this.#tiles[places[i]!]!;
      tile.reserve(waiting.length);
      columns = tile.put(filters);
      for (const [at, column] of columns.entries()) {
        const share = waiting[at]!;
        const slot = places[i]! * SLOTS_A_TILE + column;
        this.#waiting.delete(share);
        this.#slots.set(share, slot);
        this.#shares[slot] = share;
      }
    }
  }
}

const SLOTS_A_TILE = TILE_OCTETS * 8;

const bitsOf = ({ segment }: Filtered): number => segment.filter.length * 32;

function sizeOf(share: Filtered): number {
  let bits = bitsOf(share);
  while (bits > MOST_BITS) bits /= 2;
  return bits;
}

function filterOf({ segment, texts }: Filtered, bits: number): Uint32Array {
  const folded = segment.filter.slice(0, bits / 32);
  for (let at = folded.length; at < segment.filter.length; at++) {
    folded[at % folded.length]! |= segment.filter[at]!;
  }
  for (const text of texts) bloomAdd(folded, bits, hashShareTerm(text));
  return folded;
}
