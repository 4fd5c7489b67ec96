/** Octets of long frames that are not whole yet, on all accepted connections of a shard together. */
const LIMIT = 64 * 1024 * 1024;

/**
 * Bounds what peers make a shard hold by sending the greater part of a long frame each. None that this node serves is
 * that long, so whoever finds the memory used up loses nothing but its connection.
 */
export class FrameMemory {
  readonly #limit: number;
  #used = 0;

  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  get used(): number {
    return this.#used;
  }

  /** So much more, or less. False: there is no such memory, and nothing was changed. */
  change(octets: number): boolean {
    if (octets > 0 && this.#used + octets > this.#limit) return false;
    this.#used += octets;
    return true;
  }
}
