import type { Form, HelloMaker } from './hello.ts';

/** What is known of the node under attack, and of the connection, when a row's octets are made. */
export interface RowWorld {
  /** A file that the node serves, and one of its manifests. */
  readonly contentId: Buffer;
  readonly chunks: number;
  readonly manifestId: Buffer;
  readonly nodeKey: Buffer;
  /** Our end of the handshake; for rows in it, or before it. */
  readonly maker: HelloMaker;
  /** The nonce of the node's hello; only for what stands in the place of our ack. */
  readonly serverNonce: Buffer;
  /** A hello of an earlier connection, already accepted. */
  readonly usedHello: Buffer;
}

/** What the node must do; every other thing is a violation. */
export type Must =
  /** End the connection, without a frame. */
  | { readonly do: 'close' }
  /** Answer with one of its own hellos, then end the connection: as the network does for versions unknown to it. */
  | { readonly do: 'hello-and-close' }
  /** Refuse with an error reply whose text matches, and go on. */
  | { readonly do: 'refuse'; readonly text: RegExp }
  /** Answer, and go on. */
  | { readonly do: 'answer' }
  /** Say nothing and wait for the rest, until its deadline. */
  | { readonly do: 'wait' }
  /** Take the handshake for a good one and serve. */
  | { readonly do: 'serve' };

/** Where in a connection the octets go: before TLS, in the place of a hello or of its ack, or in a session. */
export type Stage = 'tcp' | 'hello' | 'ack' | 'session';

export interface Row {
  readonly stage: Stage;
  readonly name: string;
  /** Default: both dialects. */
  readonly forms?: readonly Form[];
  octets(world: RowWorld): Uint8Array;
  /** We end our half of the connection behind it. */
  readonly end?: boolean;
  readonly must: Must;
  /** Replies that `answer` and `refuse` wait for. */
  readonly replies?: number;
}

export const CLOSE: Must = { do: 'close' };
export const ANSWER: Must = { do: 'answer' };
export const WAIT: Must = { do: 'wait' };
export const SERVE: Must = { do: 'serve' };
export const refuse = (text: RegExp): Must => ({ do: 'refuse', text });
