import type { TermHash } from './term-hash.ts';

/** Bits an entry and probes a look-up: one false answer in a hundred. */
const BITS_PER_ENTRY = 10;
const PROBES = 6;
/** Below this a filter says nothing that the look-up itself would not say as fast. */
const MIN_BITS = 64;

export const bloomBits = (entries: number): number => Math.max(MIN_BITS, entries * BITS_PER_ENTRY);

export const bloomWords = (bits: number): number => Math.ceil(bits / 32);

export function bloomAdd(words: Uint32Array, bits: number, { first, second }: TermHash): void {
  for (let i = 0; i < PROBES; i++) {
    const bit = probe(first, second, i, bits);
    words[bit >>> 5]! |= 1 << (bit & 31);
  }
}

/** False: certainly not added. */
export function bloomHas(words: Uint32Array, bits: number, { first, second }: TermHash): boolean {
  for (let i = 0; i < PROBES; i++) {
    const bit = probe(first, second, i, bits);
    if (((words[bit >>> 5]! >>> (bit & 31)) & 1) === 0) return false;
  }
  return true;
}

/** Double hashing; the odd step keeps the probes apart. */
function probe(first: number, second: number, i: number, bits: number): number {
  return ((first + Math.imul(i, second | 1)) >>> 0) % bits;
}
