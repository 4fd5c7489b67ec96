/** Two independent 32-bit hashes of a term or a name key: the steps of the bloom filter, the key of the name table. */
export interface TermHash {
  readonly first: number;
  readonly second: number;
}

export function hashTerm(term: string): TermHash {
  return { first: mix(term, 1), second: mix(term, 2) };
}

/** Names have a space of their own in the same filter. */
export function hashName(key: string): TermHash {
  return { first: mix(key, 3), second: mix(key, 4) };
}

/** Code units of a beginning that the filter knows. */
export const PREFIX_LENGTH = 5;

/** So have the beginnings of terms. */
export function hashPrefix(prefix: string): TermHash {
  return { first: mix(prefix, 5), second: mix(prefix, 6) };
}

/** And the terms that are in a tag of any document. */
export function hashTagged(term: string): TermHash {
  return { first: mix(term, 7), second: mix(term, 8) };
}

/** And those of the title and description of a share, in the filter over all shares alone. */
export function hashShareTerm(term: string): TermHash {
  return { first: mix(term, 9), second: mix(term, 10) };
}

/** FNV-1a over code units with murmur's finish. Whoever makes collisions spoils the filter of his own share alone. */
function mix(text: string, seed: number): number {
  let h = (0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1)) | 0;
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h ^= h >>> 15;
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
