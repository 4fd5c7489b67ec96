/** A handshake that was finished: who is at the other end of a session, proven by its node key. */
export interface PeerMet {
  readonly nodeKey: string;
  readonly nodeId: string;
  /** `tcp://ip:port`. Of a peer that dialled us: where it came from. */
  readonly address: string;
  /** `address` is one that this node dialled; one that a peer came from leads nowhere by itself. */
  readonly dialable: boolean;
  readonly direction: 'in' | 'out';
  /** It is a Granary node, and so speaks every dialect. */
  readonly native: boolean;
  /** Version and number of capability keys, as in `2/8`. */
  readonly dialect: string;
  readonly capabilities: readonly string[];
}

/** A dial that came to nothing. */
export interface PeerLost {
  /** The key that was wanted there; null: any. */
  readonly nodeKey: string | null;
  readonly address: string;
  /** The code of the error. */
  readonly reason: string;
}
