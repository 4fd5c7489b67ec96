import type { TermHash } from './term-hash.ts';

/**
 * A Bloom filter in blocks of one cache line each (Putze, Sanders and Singler, "Cache-, hash- and space-efficient Bloom
 * filters", 2007): all probes of an entry are in the block that its first hash names. 9 to 13 bits an entry, 11 in the
 * mean: one false answer in sixty, where one in a hundred of the same size would be without blocks.
 */
const BITS_PER_ENTRY = 9;
export const PROBES = 6;
export const BLOCK_BITS = 512;
const BLOCK_WORDS = BLOCK_BITS / 32;
const BLOCK_SHIFT = 9;

/**
 * Whole blocks: 1, 2, 3, 4, 6, 8, 12, 16 ... Few sizes, each of which the larger ones can be folded to, so that the filters
 * of many segments can be laid side by side.
 */
export function bloomBits(entries: number): number {
  const blocks = Math.max(1, Math.ceil((entries * BITS_PER_ENTRY) / BLOCK_BITS));
  const below = 2 ** Math.floor(Math.log2(blocks));
  const between = below * 1.5;
  return (blocks === below ? below : blocks <= between ? Math.ceil(between) : below * 2) * BLOCK_BITS;
}

export const bloomWords = (bits: number): number => Math.ceil(bits / 32);

export function bloomAdd(words: Uint32Array, bits: number, hash: TermHash): void {
  const block = blockOf(hash, bits) * BLOCK_WORDS;
  let { second: probe } = hash;
  const step = stepOf(probe);
  for (let i = 0; i < PROBES; i++, probe += step) {
    words[block + ((probe >>> 5) & (BLOCK_WORDS - 1))]! |= 1 << (probe & 31);
  }
}

/** False: certainly not added. */
export function bloomHas(words: Uint32Array, bits: number, hash: TermHash): boolean {
  const block = blockOf(hash, bits) * BLOCK_WORDS;
  let { second: probe } = hash;
  const step = stepOf(probe);
  for (let i = 0; i < PROBES; i++, probe += step) {
    if (((words[block + ((probe >>> 5) & (BLOCK_WORDS - 1))]! >>> (probe & 31)) & 1) === 0) return false;
  }
  return true;
}

/** Which block an entry is in. */
export const blockOf = ({ first }: TermHash, bits: number): number => first % (bits >>> BLOCK_SHIFT);

/** Of the bits that say nothing of where the probes begin. Odd, which keeps them apart. */
export const stepOf = (second: number): number => (second >>> BLOCK_SHIFT) | 1;
