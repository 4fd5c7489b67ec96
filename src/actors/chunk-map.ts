/**
 * Some of the chunks of one file: a bit each, chunk `i` in bit `i & 7` of octet `i >> 3`. This is also how it is stored
 * and sent.
 */
export class ChunkMap {
  readonly chunks: number;
  readonly octets: Uint8Array;
  #count: number;

  private constructor(chunks: number, octets: Uint8Array, count: number) {
    this.chunks = chunks;
    this.octets = octets;
    this.#count = count;
  }

  static none(chunks: number): ChunkMap {
    return new ChunkMap(chunks, new Uint8Array((chunks + 7) >> 3), 0);
  }

  static all(chunks: number): ChunkMap {
    const map = ChunkMap.none(chunks);
    map.addRange(0, chunks);
    return map;
  }

  /** The map these octets are; null when a map of so many chunks has another length, or bits beyond its end. */
  static from(chunks: number, octets: Uint8Array): ChunkMap | null {
    if (octets.length !== (chunks + 7) >> 3) return null;
    const spare = octets.length * 8 - chunks;
    if (spare > 0 && octets[octets.length - 1]! >> (8 - spare) !== 0) return null;
    let count = 0;
    for (const octet of octets) for (let bits = octet; bits !== 0; bits &= bits - 1) count++;
    return new ChunkMap(chunks, new Uint8Array(octets), count);
  }

  /** How many chunks are in it. */
  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.chunks;
  }

  has(chunk: number): boolean {
    return (this.octets[chunk >> 3]! & (1 << (chunk & 7))) !== 0;
  }

  /** False: it was in it already, or there is no such chunk. */
  add(chunk: number): boolean {
    if (chunk < 0 || chunk >= this.chunks || this.has(chunk)) return false;
    this.octets[chunk >> 3]! |= 1 << (chunk & 7);
    this.#count++;
    return true;
  }

  addRange(first: number, count: number): void {
    for (let chunk = first; chunk < first + count; chunk++) this.add(chunk);
  }

  delete(chunk: number): void {
    if (chunk < 0 || chunk >= this.chunks || !this.has(chunk)) return;
    this.octets[chunk >> 3]! &= ~(1 << (chunk & 7));
    this.#count--;
  }

  copy(): ChunkMap {
    return new ChunkMap(this.chunks, this.octets.slice(), this.#count);
  }

  /** The chunks that are not in it. */
  rest(): ChunkMap {
    const rest = ChunkMap.none(this.chunks);
    for (let chunk = 0; chunk < this.chunks; chunk++) if (!this.has(chunk)) rest.add(chunk);
    return rest;
  }
}
