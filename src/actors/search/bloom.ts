import type { TermHash } from './term-hash.ts';

/**
 * A Bloom filter in blocks of one cache line each (Putze, Sanders and Singler, "Cache-, hash- and space-efficient Bloom
 * filters", 2007): all probes of an entry are in the block that its first hash names, so that a look-up, in segments that
 * lie all over the memory, waits for one line and not for six. One false answer in sixty, where one in a hundred of
 * the same size would be without blocks.
 */
const BITS_PER_ENTRY = 10;
const PROBES = 6;
const BLOCK_BITS = 512;
const BLOCK_WORDS = BLOCK_BITS / 32;
const BLOCK_SHIFT = 9;

/** Whole blocks, one at least. */
export const bloomBits = (entries: number): number =>
  Math.max(1, Math.ceil((entries * BITS_PER_ENTRY) / BLOCK_BITS)) * BLOCK_BITS;

export const bloomWords = (bits: number): number => Math.ceil(bits / 32);

export function bloomAdd(words: Uint32Array, bits: number, hash: TermHash): void {
  const block = blockOf(hash, bits);
  let { second: probe } = hash;
  const step = stepOf(probe);
  for (let i = 0; i < PROBES; i++, probe += step) {
    words[block + ((probe >>> 5) & (BLOCK_WORDS - 1))]! |= 1 << (probe & 31);
  }
}

/** False: certainly not added. */
export function bloomHas(words: Uint32Array, bits: number, hash: TermHash): boolean {
  const block = blockOf(hash, bits);
  let { second: probe } = hash;
  const step = stepOf(probe);
  for (let i = 0; i < PROBES; i++, probe += step) {
    if (((words[block + ((probe >>> 5) & (BLOCK_WORDS - 1))]! >>> (probe & 31)) & 1) === 0) return false;
  }
  return true;
}

/** The first word of an entry's block. */
const blockOf = ({ first }: TermHash, bits: number): number => (first % (bits >>> BLOCK_SHIFT)) * BLOCK_WORDS;

/** Of the bits that say nothing of where the probes begin. Odd, which keeps them apart. */
const stepOf = (second: number): number => (second >>> BLOCK_SHIFT) | 1;
