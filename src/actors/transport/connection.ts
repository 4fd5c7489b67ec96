import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { toHex } from '../../protocol/crypto/bytes.ts';
import { sha256 } from '../../protocol/crypto/sha256.ts';
import type { NoiseSession } from '../../protocol/sealed/noise-xx.ts';
import { freePiece, MAX_SEALED_RECORD, SealedRecords } from '../../protocol/sealed/sealed-records.ts';
import { LENGTH_PREFIX } from '../../protocol/wire/limits.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { CapPath } from '../cap-counter.ts';
import type { ChunkBuffers } from './chunk-buffers.ts';
import { FrameAssembler } from './frame-assembler.ts';
import type { FrameMemory } from './frame-memory.ts';
import { isPeersFault, PeerFault } from './peer-fault.ts';
import { RateMeter } from './rate-meter.ts';
import type { ShardCaps } from './shard-caps.ts';
import { WriteLine } from './write-line.ts';

/** What carries the bytes: TLS over TCP, or QUIC by way of the bridge. */
export type Transport = 'tcp' | 'quic';

/** What a connection needs of its shard. */
export interface ConnectionHost {
  readonly clock: Clock;
  readonly log: Log;
  readonly buffers: ChunkBuffers;
  readonly frames: FrameMemory;
  readonly caps: ShardCaps;
  readonly secureContext: SecureContext;
  /** Every connection of the shard that is not over, kept by the connections themselves. */
  readonly connections: Set<Connection>;
  /** Octets that came and went, for the shard's counters. */
  received(count: number): void;
  sent(count: number): void;
  /** A connection was ended because of what the peer sent. */
  dropped(): void;
}

/** Whoever reads the connection at the moment: first the handshake, then the session. */
export interface ConnectionReader {
  frame(frame: Uint8Array): void;
  /** Once. Null: an orderly end. */
  closed(error: Error | null): void;
}

/** What a socket brings, told by whoever opened it. Whatever goes wrong with it ends the connection and nothing else. */
export interface Arrivals {
  /** Where the next octets may be put; then `received` says how many came. */
  place(): Uint8Array<ArrayBuffer>;
  received(count: number): void;
  /** Octets that came in a buffer of their own. */
  piece(piece: Buffer): void;
  /** Something has answered at the address that was dialled. */
  reached(): void;
  /** There is no connection to be had. */
  failed(error: Error): void;
  /** Runs work for the connection: what it throws ends that. */
  guard(work: () => void): void;
}

/** Until the handshake takes over nothing may come, and an end is told by the waiting promise. */
const NOBODY: ConnectionReader = { frame: () => {}, closed: () => {} };
const NOTHING = () => {};

/**
 * One TLS connection, or one stream of QUIC, cut into frames, and the boundary of its session: whatever goes wrong while
 * a frame is handled ends this connection and nothing else.
 */
export class Connection {
  readonly socket: Socket;
  readonly transport: Transport;
  readonly remote: string;
  /** Of the frames that are read: those of the stream, or those inside its records once it is sealed. */
  assembler: FrameAssembler;
  readonly up = new RateMeter();
  readonly down = new RateMeter();
  reader: ConnectionReader = NOBODY;
  /** When the last octet came, in the clock's milliseconds. */
  lastByteAt: number;
  /** The caps on what comes here; null: it counts, and is never waited with. */
  downPath: CapPath | null = null;
  readonly #host: ConnectionHost;
  readonly #frames: FrameMemory | null;
  /** Of what comes from the socket. */
  readonly #stream: FrameAssembler;
  readonly #writes: WriteLine;
  /** What goes over the socket is sealed; null: it is not. */
  #records: SealedRecords | null = null;
  #closed = false;
  /** Ends the rest that a cap asks for; null: octets are read. */
  #disarmHold: (() => void) | null = null;
  #wasHeld = false;
  #reached = false;
  /** Told once something has answered at the address that was dialled. */
  onReached: () => void = NOTHING;

  /** `frames`: where long frames that come are counted; null: nowhere. `open` is called once, at once. */
  constructor(
    host: ConnectionHost,
    transport: Transport,
    remote: string,
    frames: FrameMemory | null,
    open: (arrivals: Arrivals) => Socket,
  ) {
    this.#host = host;
    this.transport = transport;
    this.remote = remote;
    this.lastByteAt = host.clock.now();
    this.#frames = frames;
    this.#stream = new FrameAssembler(host.buffers, (frame) => this.#frame(frame), frames);
    this.assembler = this.#stream;
    this.socket = open(this.#arrivals());
    this.socket.setNoDelay(true);
    this.#writes = new WriteLine(this.socket, (work) => this.guard(work));
    let failure: Error | null = null;
    const failed = (error: Error) => {
      failure ??= error;
      // A fault of TLS after its handshake is told, and the socket left open.
      this.socket.destroy();
    };
    this.socket.on('error', failed);
    // Such a fault on an accepted socket is told by this event alone, because no `tls.Server` looks after it.
    this.socket.on('_tlsError', failed);
    this.socket.on('end', () => this.socket.destroy());
    this.socket.on('close', () => this.#close(failure));
    host.connections.add(this);
  }

  /** Something has answered at the address that was dialled. */
  get reached(): boolean {
    return this.#reached;
  }

  /** Calls back once what is written reaches the peer as it is meant: after the handshake of TLS, with QUIC at once. */
  whenSecure(ready: () => void): void {
    if (this.transport === 'tcp') this.socket.once('secure', ready);
    else queueMicrotask(ready);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * One write a frame. `done` is called when the octets are with the system, or never will be. `claimed`: they have been
   * taken from the caps already.
   */
  write(bytes: Uint8Array, done?: () => void, claimed = false): void {
    this.up.add(bytes.length, this.#host.clock.now());
    this.#host.sent(bytes.length);
    const { caps } = this.#host;
    if (caps.on) {
      if (claimed) caps.sentClaimed(bytes.length);
      else caps.sent(bytes.length);
    }
    this.#writes.push(bytes, done ?? NOTHING);
  }

  /** From the next frame on, both ways, everything is in sealed records. */
  seal(session: NoiseSession): void {
    this.#records = new SealedRecords(session);
    this.#writes.seal(this.#records);
    this.#stream.limit = MAX_SEALED_RECORD;
    const onFrame = (frame: Uint8Array) => this.guard(() => this.reader.frame(frame), frame);
    this.assembler = new FrameAssembler(this.#host.buffers, onFrame, this.#frames);
  }

  /** Chunks are expected: their memory is kept from frame to frame, and under a seal as many records are read at once as it holds. */
  set bulk(expected: boolean) {
    this.assembler.bulk = expected;
    this.#stream.bulk = expected;
  }

  /** Since it was asked last, this connection was not read for a while because of a cap: its peer is not to blame. */
  takeHeld(): boolean {
    const was = this.#wasHeld || this.#disarmHold !== null;
    this.#wasHeld = false;
    return was;
  }

  destroy(error?: Error): void {
    this.socket.destroy(error);
  }

  /** Runs work for this session: what it throws ends the session, not the shard. */
  guard(work: () => void, frame?: Uint8Array): void {
    try {
      work();
    } catch (error) {
      this.#broken(error, frame ?? null);
    }
  }

  #arrivals(): Arrivals {
    return {
      place: () => this.#place(),
      received: (count) => this.guard(() => this.#take(count, null)),
      piece: (piece) => this.guard(() => this.#take(piece.length, piece)),
      reached: () => {
        this.#reached = true;
        this.onReached();
      },
      failed: (error) => {
        this.socket.destroy(error);
        this.#close(error);
      },
      guard: (work) => this.guard(work),
    };
  }

  #broken(error: unknown, frame: Uint8Array | null): void {
    if (this.#closed) return;
    this.#host.dropped();
    const fields = { remote: this.remote, ...(frame && { frame: toHex(sha256(frame).subarray(0, 8)) }) };
    if (isPeersFault(error)) {
      this.#host.log.info({ ...fields, fault: error.message }, 'peer broke the protocol');
    } else {
      const stack = error instanceof Error ? error.stack : String(error);
      this.#host.log.error({ ...fields, stack }, 'session ended by a bug');
    }
    // Without the error: the reader is told here, and Node would write out its stack, a tenth of what the session has cost.
    this.socket.destroy();
    this.#close(error instanceof Error ? error : null);
  }

  #frame(frame: Uint8Array): void {
    this.guard(() => {
      if (this.#records === null) return this.reader.frame(frame);
      const plaintext = this.#records.open(frame.subarray(LENGTH_PREFIX));
      if (plaintext === null) throw new PeerFault('a record that was not sealed by this peer, or not now');
      this.assembler.push(plaintext);
      freePiece(plaintext);
    }, frame);
  }

  #place(): Uint8Array<ArrayBuffer> {
    let place: Uint8Array<ArrayBuffer> | null = null;
    this.guard(() => {
      place = this.#stream.place();
    });
    // After a fault the socket is gone, but Node asks once more before it notices.
    return place ?? Buffer.allocUnsafe(1);
  }

  /** `piece` null: the octets were received in place. */
  #take(count: number, piece: Uint8Array | null): void {
    if (this.#closed) return;
    const now = this.#host.clock.now();
    this.lastByteAt = now;
    this.down.add(count, now);
    this.#host.received(count);
    const { caps } = this.#host;
    if (caps.on) this.#hold(caps.received(count, this.downPath, now));
    if (piece === null) this.#stream.received(count);
    else this.#stream.push(piece);
  }

  /** Reads nothing for so long: what comes meanwhile waits with the system, and then with the peer. */
  #hold(ms: number): void {
    if (ms <= 0 || this.#disarmHold) return;
    this.socket.pause();
    this.#disarmHold = this.#host.clock.after(Math.ceil(ms), () => {
      this.#disarmHold = null;
      this.#wasHeld = true;
      const { caps, clock } = this.#host;
      const now = clock.now();
      this.lastByteAt = now;
      const more = this.downPath && caps.on ? caps.debtMs(this.downPath, now) : 0;
      if (more > 0) this.#hold(more);
      else this.socket.resume();
    });
  }

  #close(error: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#disarmHold?.();
    this.#host.connections.delete(this);
    this.assembler.close();
    this.#stream.close();
    try {
      this.reader.closed(error);
    } catch (thrown) {
      this.#host.log.error({ remote: this.remote, error: String(thrown) }, 'closing a session failed');
    }
    this.#writes.close();
  }
}
