/** Addresses remembered at once; the one that was used longest ago makes room. */
const MAX_PATHS = 4_096;
/** After a failure an address comes last for so long. */
const FAILED_MS = 10 * 60_000;

/** What is known of one way to a peer. */
export interface KnownPath {
  /** It failed lately, and has not come through since. */
  readonly failed: boolean;
  /** From the dial to the end of the handshake, when it came through last; null: it never has. */
  readonly handshakeMs: number | null;
  /** The highest rate of octets that came over it, over five seconds; 0: nothing was measured. */
  readonly bytesPerSecond: number;
}

interface Path {
  failedAt: number | null;
  handshakeMs: number | null;
  bytesPerSecond: number;
}

/** What worked, and how fast, by address. It lasts as long as the shard: after a restart one order is wrong once, which costs a quarter of a second. */
export class PathMemory {
  readonly #paths = new Map<string, Path>();

  worked(address: string, handshakeMs: number): void {
    const path = this.#touch(address);
    path.failedAt = null;
    path.handshakeMs = handshakeMs;
  }

  failed(address: string, now: number): void {
    this.#touch(address).failedAt = now;
  }

  carried(address: string, bytesPerSecond: number): void {
    const known = this.#paths.get(address);
    if (known && bytesPerSecond > known.bytesPerSecond) known.bytesPerSecond = bytesPerSecond;
  }

  of(address: string, now: number): KnownPath {
    const path = this.#paths.get(address);
    if (path === undefined) return { failed: false, handshakeMs: null, bytesPerSecond: 0 };
    const { failedAt, handshakeMs, bytesPerSecond } = path;
    return { failed: failedAt !== null && now - failedAt < FAILED_MS, handshakeMs, bytesPerSecond };
  }

  #touch(address: string): Path {
    const path = this.#paths.get(address) ?? { failedAt: null, handshakeMs: null, bytesPerSecond: 0 };
    this.#paths.delete(address);
    this.#paths.set(address, path);
    if (this.#paths.size > MAX_PATHS) this.#paths.delete(this.#paths.keys().next().value!);
    return path;
  }
}
