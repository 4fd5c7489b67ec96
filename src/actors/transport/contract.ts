import type { Socket } from 'node:net';
import { ask, configOf, defineContract, stream } from '../../supervisor/contract/contract.ts';
import type { TransportConfig } from './config.ts';

/** Whom to talk to. A key that is given must be the one that answers. */
export interface PeerTarget {
  /** `tcp://ip:port` or `quic://ip:port` */
  readonly address: string;
  readonly nodeKey?: string | undefined;
  /** Where the same peer may be had too: tried beside `address`, in an order of the shard's. At most seven are. */
  readonly also?: readonly string[] | undefined;
}

/** On connections that others have opened and that are no sessions yet. */
export interface PendingLimits {
  readonly maxPending: number;
  /** IPv6: of one /64. A quarter of all is for one /24 or /48. */
  readonly maxPendingPerAddress: number;
}

export interface SessionInfo {
  readonly nodeKey: string;
  readonly nodeId: string;
  readonly address: string;
  readonly transport: 'tcp' | 'quic';
  /** `tls`: both certificates carry the keys that signed the hellos. `sealed`: the two nodes encrypt inside the stream under those keys. `none`: neither. */
  readonly bound: 'tls' | 'sealed' | 'none';
  /** The other end is a Granary node. */
  readonly native: boolean;
  readonly direction: 'in' | 'out';
  readonly dialect: string;
  /** Unix seconds. */
  readonly since: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Bytes a second over the last five seconds. */
  readonly rateUp: number;
  readonly rateDown: number;
  readonly capabilities: readonly string[];
}

/** A file to fetch chunk by chunk into `path`, which exists; it is read again at the end unless it has its length from the start. */
export interface FetchFile {
  readonly contentId: string;
  readonly size: number;
  readonly path: string;
  /** 32 bytes a chunk, already checked against the signed chunk list hash. */
  readonly hashes: Uint8Array;
  /** Chunks to fetch, a bit each, the lowest first (`ChunkMap`); absent: all of them. */
  readonly wanted?: Uint8Array | undefined;
}

export type FetchEvent =
  /**
   * Chunks verified and written since the last event; at most one event every 50 ms or so. `written` says which, as
   * three numbers a range: place of the file in the request, first chunk, count. No chunk is told twice.
   */
  | {
      readonly kind: 'progress';
      readonly chunks: number;
      readonly bytes: number;
      readonly written: readonly number[];
    }
  /**
   * Every wanted chunk of the file is verified and written, data not yet synced to disk; told before the progress with
   * the last of them. `contentId`: what the whole file hashes to, where its chunks came in order; else null.
   */
  | { readonly kind: 'file'; readonly index: number; readonly contentId: string | null }
  /** Every chunk has been asked for once: a further fetch from the peer now goes on in order, and without a gap. */
  | { readonly kind: 'asked' }
  /** A chunk with wrong bytes was discarded. It is asked for once more. */
  | { readonly kind: 'corrupt'; readonly index: number; readonly chunk: number }
  /** Where the shard's time went, in milliseconds. Comes last. */
  | { readonly kind: 'spent'; readonly verifyMs: number; readonly writeMs: number };

export const transportContract = defineContract({
  name: 'transport',
  uses: ['store', 'publish', 'limits', 'dht', 'pex', 'quic', 'acceptor'],
  config: configOf<TransportConfig>(),
  mailbox: 4096,
  // A minute for sessions that are at work, then ten seconds for what they were asked.
  retireMs: 75_000,
  metrics: [
    'sessions',
    'bytes_up',
    'bytes_down',
    'disk_read',
    'disk_written',
    'chunks_served',
    'chunks_refused',
    'chunks_fetched',
    'chunks_corrupt',
    'buffers_made',
    'handshakes_failed',
    'sessions_dropped',
    'streams_refused',
  ],
  messages: {
    /**
     * An accepted connection, unread. Answers when the handshake is over, one way or the other, so that the
     * calls in flight are the connections without a handshake; `sessions` is what the shard holds then. What a session is
     * good for, the acceptor is told later: of newcomers, that it was of use; of all, that it came to nothing.
     */
    adopt: ask<
      { socket: Socket; remote: string; newcomer: boolean },
      { established: boolean; sessions: number }
    >({
      deadlineMs: 30_000,
      transfer: (request) => [request.socket as never],
    }),
    /** The session to a peer, dialled if there is none. */
    connect: ask<PeerTarget, SessionInfo>({ deadlineMs: 30_000 }),
    /**
     * One request on a session to the peer, dialled if need be. The payload of the reply, or `E_PEER_ERROR`
     * with the peer's text.
     */
    request: ask<
      { peer: PeerTarget; type: number; payload: Uint8Array },
      { type: number; payload: Uint8Array }
    >({
      deadlineMs: 30_000,
    }),
    /**
     * The wanted chunks of the files from one peer, requests pipelined across files, verified, written. An error that
     * concerns one file (`E_CHUNK_CORRUPT`, `E_PEER_ERROR`, and those of the disk) has its path as subject.
     */
    fetch: stream<
      {
        peer: PeerTarget;
        files: readonly FetchFile[];
        /** Shares whose caps it is under. */
        shareIds?: readonly string[] | undefined;
      },
      FetchEvent
    >({ window: 64 }),
    /**
     * Path of the socket in that folder on which the shard takes streams that the QUIC bridge has accepted, listened on
     * from the first call on; null: it takes none. The limits are on those whose handshake is not over.
     */
    serveQuic: ask<{ folder: string; limits: PendingLimits }, { path: string | null }>(),
    sessions: ask<null, readonly SessionInfo[]>(),
    /** How many there are. */
    load: ask<null, { sessions: number }>(),
    /** Of them those that this node dialled. */
    dialled: ask<null, readonly SessionInfo[]>(),
    /** Takes another configuration over: at once, but for what sessions that there are were made with. */
    configure: ask<TransportConfig, null>(),
  },
});
