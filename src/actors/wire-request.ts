import type { Dialect } from '../protocol/dialect.ts';

/**
 * A network request as the transport shard hands it to the actor that owns the answer: the payload is still
 * CBOR and still hostile.
 */
export interface WireRequest {
  /** Message type of SCP2P wire, section 6. */
  readonly type: number;
  readonly payload: Uint8Array;
  readonly peer: {
    readonly nodeKey: string;
    readonly dialect: Dialect;
    /** Where it comes from, as `neighbourhoodOf` has it; absent: a local network, where all are neighbours. */
    readonly neighbourhood?: string | undefined;
  };
}

/** What goes back to the peer: a reply payload, or the text of an error reply. */
export type WireReply = { readonly payload: Uint8Array } | { readonly error: string };
