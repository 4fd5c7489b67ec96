/** Nonces of first hellos seen lately, each admitted once. */
export interface ReplayTable {
  /** True the first time a nonce is seen within the window; false for a repetition. */
  admit(nonce: Uint8Array, nowSeconds: number): boolean;
  /** Entries held. */
  readonly size: number;
}

/** Twice the accepted clock skew: a hello older than that is refused by its timestamp. */
export const REPLAY_WINDOW_SECONDS = 600;

/**
 * A table of at most `capacity` nonces. When it is full the oldest goes: that a flood may push out a nonce early costs
 * nothing, because the sender of a replayed first hello still has to sign our fresh nonce.
 */
export function createReplayTable(capacity = 65_536): ReplayTable {
  // A Map keeps insertion order, so the oldest entries come first.
  const seen = new Map<string, number>();

  function prune(nowSeconds: number): void {
    for (const [nonce, at] of seen) {
      if (nowSeconds - at <= REPLAY_WINDOW_SECONDS) return;
      seen.delete(nonce);
    }
  }

  return {
    admit(nonce, nowSeconds) {
      prune(nowSeconds);
      const name = Buffer.from(nonce.buffer, nonce.byteOffset, nonce.length).toString('latin1');
      if (seen.has(name)) return false;
      if (seen.size >= capacity) seen.delete(seen.keys().next().value!);
      seen.set(name, nowSeconds);
      return true;
    },
    get size() {
      return seen.size;
    },
  };
}
