import { type ErrorCode, failure } from '../../errors.ts';
import { CHUNK_SIZE } from '../../protocol/objects/chunks.ts';
import { type ChunkFrame, parseChunkFrame } from '../../protocol/wire/chunk-data.ts';
import { decodeEnvelope, type Envelope, encodeFrame, FLAG_ERROR } from '../../protocol/wire/envelope.ts';
import { LENGTH_PREFIX, MAX_FRAME } from '../../protocol/wire/limits.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { CapPath } from '../cap-counter.ts';
import type { Connection } from './connection.ts';
import { isPeersFault, PeerFault } from './peer-fault.ts';
import { Places } from './places.ts';
import { RequestWindow } from './request-window.ts';
import { DRIP_BYTES_PER_SECOND, DRIP_SECONDS, type Peer, type Session } from './session.ts';
import type { ShardCaps } from './shard-caps.ts';

/** What was asked for is at most so many seconds of a cap ahead: other answers wait behind it. */
const AHEAD_SECONDS = 4;

/** Chunks that are going to be asked for. */
interface Fetching {
  readonly shareIds: readonly string[];
  /** Another cap is in force. */
  readonly capsChanged: () => void;
}

/** A reply as it came; views on its frame are valid until the call returns. */
export interface Reply {
  /** Length prefix included. */
  readonly frame: Uint8Array;
  /** Set when the frame is a CHUNK_DATA in its usual layout; then the envelope is not decoded. */
  readonly chunk: ChunkFrame | null;
  readonly envelope: Envelope | null;
}

/** Who waits for one reply. Exactly one of the two is called, once. */
export interface Awaiting {
  reply(reply: Reply): void;
  /** The session ended before the reply came. */
  lost(error: ActorError): void;
}

interface Owed {
  readonly awaiting: Awaiting;
  readonly askedAt: number;
}

export interface OutboundOptions {
  readonly connection: Connection;
  readonly peer: Peer;
  /** `tcp://ip:port` as dialled. */
  readonly address: string;
  readonly clock: Clock;
  /** Requests under way, at most. */
  readonly window: number;
  readonly requestMs: number;
  readonly caps: ShardCaps;
  ended(session: OutboundSession): void;
}

/**
 * A session we dialled: on plain SCP2P it only asks. All callers of the shard share it; replies find theirs by the
 * request id, which counts up per session.
 */
export class OutboundSession implements Session {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly direction = 'out';
  readonly address: string;
  readonly since: number;
  readonly places: Places;
  /** Replies that came so far: a session that never gave one may just have been refused. */
  replies = 0;
  readonly #options: OutboundOptions;
  readonly #clock: Clock;
  readonly #owed = new Map<number, Owed>();
  readonly #window: RequestWindow;
  #nextId = 1;
  #outbox: Uint8Array[] = [];
  readonly #fetches = new Set<Fetching>();
  #path: CapPath = [];
  readonly #unlisten: () => void;
  #idleSince: number;
  #owedSince = 0;
  #drip: { since: number; bytes: number } | null = null;
  #end: ActorError | null = null;

  constructor(options: OutboundOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.connection = options.connection;
    this.peer = options.peer;
    this.address = options.address;
    this.since = Math.floor(options.clock.wall() / 1000);
    this.#window = new RequestWindow(options.window);
    this.places = new Places(this.#window.size);
    this.#idleSince = options.clock.now();
    this.#unlisten = options.caps.onChange(() => {
      this.#findCaps();
      for (const { capsChanged } of [...this.#fetches]) this.connection.guard(capsChanged);
    });
    this.#findCaps();
    this.connection.reader = {
      frame: (frame) => this.#receive(frame),
      closed: (error) => this.#closed(error),
    };
  }

  /** Why it is over; null while it lives. */
  get end(): ActorError | null {
    return this.#end;
  }

  get idleSince(): number | null {
    return this.#fetches.size > 0 || this.#owed.size > 0 ? null : this.#idleSince;
  }

  /**
   * Chunks are going to be asked for: their buffers are kept at hand, and the session stays open also while nothing is
   * under way, until the returned function is called. All that comes here counts for their shares meanwhile.
   */
  fetchChunks(shareIds: readonly string[], capsChanged: () => void): () => void {
    const fetching = { shareIds, capsChanged };
    this.#fetches.add(fetching);
    this.#findCaps();
    this.connection.bulk = true;
    return () => {
      this.#fetches.delete(fetching);
      this.#findCaps();
      this.#idleSince = this.#clock.now();
      if (this.#fetches.size === 0) this.connection.bulk = false;
    };
  }

  /** How many chunks a fetch may have asked for without having them: as many as there are places, but for a cap. */
  get ahead(): number {
    let most = Number.POSITIVE_INFINITY;
    for (const { cap } of this.#path) most = Math.min(most, (cap.rate * AHEAD_SECONDS) / CHUNK_SIZE);
    // A cap of nothing is a stop; any other one lets a chunk through, however long that takes.
    return most === 0 ? 0 : Math.max(1, Math.floor(most));
  }

  #findCaps(): void {
    const shareIds = [...new Set([...this.#fetches].flatMap((fetching) => fetching.shareIds))];
    this.#path = this.#options.caps.path('down', this.peer.nodeKey, shareIds);
    this.connection.downPath = this.#path;
  }

  /** Asks on a place the caller has taken; the place is free again once the reply has come. */
  ask(type: number, payload: Uint8Array, awaiting: Awaiting): void {
    const end = this.#end;
    if (end) {
      // Later, because giving the place wakes the next who waits, and so on through a queue of any length.
      queueMicrotask(() => {
        this.places.give();
        awaiting.lost(end);
      });
      return;
    }
    const now = this.#clock.now();
    if (this.#owed.size === 0) {
      this.#owedSince = now;
      this.#window.begins(now);
    }
    const reqId = this.#nextId;
    // u32 on the wire: after 2^32 requests the count starts anew, long after the first ones were answered.
    this.#nextId = reqId === 0xffff_ffff ? 1 : reqId + 1;
    this.#owed.set(reqId, { awaiting, askedAt: now });
    this.#send(encodeFrame({ type, reqId, flags: 0, payload }));
  }

  /** Ends the session; everybody who waits learns why. */
  close(error: ActorError): void {
    this.#end ??= error;
    this.connection.destroy();
  }

  check(now: number): void {
    // Where we did not read, nothing is said about the peer.
    if (this.#owed.size === 0 || this.connection.takeHeld()) {
      this.#drip = null;
      return;
    }
    const heard = Math.max(this.connection.lastByteAt, this.#owedSince);
    if (now - heard > this.#options.requestMs) {
      this.close(
        this.#failure('E_PEER_SILENT', `no reply in ${Math.round(now - heard)} ms`, { retryable: true }),
      );
      return;
    }
    this.#drip ??= { since: now, bytes: this.connection.down.total };
    if (now - this.#drip.since < DRIP_SECONDS * 1000) return;
    const oldest = this.#owed.values().next().value!;
    const came = this.connection.down.total - this.#drip.bytes;
    if (oldest.askedAt <= this.#drip.since && came < DRIP_BYTES_PER_SECOND * DRIP_SECONDS) {
      this.close(
        this.#failure('E_PEER_SILENT', `${came} bytes in ${DRIP_SECONDS} s: too slow`, { retryable: true }),
      );
      return;
    }
    this.#drip = { since: now, bytes: this.connection.down.total };
  }

  /** Requests of one turn leave in one write: they are small, and each write costs both ends a record. */
  #send(frame: Uint8Array): void {
    this.#outbox.push(frame);
    if (this.#outbox.length > 1) return;
    queueMicrotask(() => {
      const frames = this.#outbox;
      this.#outbox = [];
      if (!this.#end) this.connection.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    });
  }

  #receive(frame: Uint8Array): void {
    const chunk = parseChunkFrame(frame, frame.length);
    const usual = chunk !== null && (chunk.flags & FLAG_ERROR) === 0;
    // Some replies of the reference are longer than the payload limit that it sets its own clients.
    const envelope = usual ? null : decodeEnvelope(frame.subarray(LENGTH_PREFIX), MAX_FRAME);
    const reqId = usual ? chunk.reqId : envelope!.reqId;
    const owed = this.#owed.get(reqId);
    if (owed === undefined) throw new PeerFault(`a reply to request ${reqId}, which was not asked`);
    this.#owed.delete(reqId);
    this.replies++;
    const now = this.#clock.now();
    this.#idleSince = now;
    if (usual) {
      this.#window.replied(owed.askedAt, now, frame.length);
      this.places.resize(this.#window.size);
    }
    try {
      owed.awaiting.reply({ frame, chunk: usual ? chunk : null, envelope });
    } finally {
      this.places.give();
    }
  }

  #closed(error: Error | null): void {
    this.#end ??= this.#why(error);
    this.#unlisten();
    const owed = [...this.#owed.values()];
    this.#owed.clear();
    this.#options.ended(this);
    for (const { awaiting } of owed) {
      awaiting.lost(this.#end);
      this.places.give();
    }
  }

  #why(error: Error | null): ActorError {
    if (isPeersFault(error)) {
      return this.#failure('E_PEER_PROTOCOL', error.message);
    }
    // Errors of sockets have a code; what has none is a bug of ours that this session found.
    if (error !== null && !('code' in error)) return this.#failure('E_INTERNAL', 'the session failed');
    if (this.replies > 0) {
      return this.#failure('E_PEER_UNREACHABLE', 'the peer closed the session', { retryable: true });
    }
    const message = 'the peer closed the session: its places may be taken';
    return this.#failure('E_PEER_REFUSED', message, { retryable: true });
  }

  #failure(code: ErrorCode, message: string, more: { retryable?: boolean } = {}): ActorError {
    return failure(code, message, { subject: this.address, ...more });
  }
}
