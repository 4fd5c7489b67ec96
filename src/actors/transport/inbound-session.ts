import { CHUNK_SIZE } from '../../protocol/objects/chunks.ts';
import { decodeEnvelope, decodePlainEnvelope, encodeFrame } from '../../protocol/wire/envelope.ts';
import { CHUNK_NOT_FOUND, errorReply, TEMPORARILY_UNAVAILABLE } from '../../protocol/wire/errors.ts';
import { LENGTH_PREFIX, MAX_PAYLOAD } from '../../protocol/wire/limits.ts';
import { GET_CHUNK } from '../../protocol/wire/message-types.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { ChunkBuffers } from './chunk-buffers.ts';
import type { ChunkAnswer, ChunkRequest, ChunkServer } from './chunk-server.ts';
import type { Connection } from './connection.ts';
import { PeerFault } from './peer-fault.ts';
import type { ReplyHolder, ReplyMemory } from './reply-memory.ts';
import type { RequestRouter } from './request-router.ts';
import { DRIP_BYTES_PER_SECOND, DRIP_SECONDS, type Peer, type Session } from './session.ts';

/** Chunk frames not yet with the system: one on its way, and the next read behind it; 512 KiB a slow reader can hold. */
const UNSENT_CHUNKS = 2;
/** Frames beyond are read in their plain form only: a MiB of odd ones would hold this thread for 50 ms. */
const LONG_FRAME = 64 * 1024;
/** Other actors asked at once for one peer. */
const OWNERS_ASKED = 4;
/** A frame of the longest kind takes this long at the slowest speed that is put up with. */
const STALL_MS = (MAX_PAYLOAD / DRIP_BYTES_PER_SECOND) * 1000;
/** How long a peer may take none of its replies when the memory for them is used up: others wait for it. */
const STALL_WHEN_FULL_MS = 15_000;

/** A request in the order it came, until its reply is written. */
type Turn =
  | { readonly kind: 'chunk'; readonly request: ChunkRequest; reading: boolean }
  | { readonly kind: 'owner'; readonly ask: () => Promise<Uint8Array>; asked: boolean; size: number }
  /** `held`: octets of an answer that others gave, counted with those being sent. */
  | { readonly kind: 'frame'; readonly frame: Uint8Array; readonly held: number };

export interface InboundOptions {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly clock: Clock;
  readonly inFlight: number;
  readonly router: RequestRouter;
  readonly chunks: ChunkServer;
  readonly buffers: ChunkBuffers;
  readonly memory: ReplyMemory;
  ended(session: InboundSession): void;
}

/**
 * A session that was dialled to us: it only serves. Replies go out strictly in the order of the requests; a peer with
 * `inFlight` requests under way, or that does not take its replies, is not read from.
 */
export class InboundSession implements Session, ReplyHolder {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly direction = 'in';
  readonly address: string;
  readonly since: number;
  readonly #options: InboundOptions;
  readonly #clock: Clock;
  #turns: Turn[] = [];
  #queued = 0;
  #owners = 0;
  #unsentChunks = 0;
  #unsent = 0;
  /** Octets of answers that are being read, or wait for their turn. */
  #ready = 0;
  #paused = false;
  #pumping = false;
  #over = false;
  /** When the oldest write under way began to be waited for. */
  #writingSince = 0;
  #idleSince: number;
  #drip: { since: number; bytes: number; frame: number } | null = null;
  #frames = 0;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.connection = options.connection;
    this.peer = options.peer;
    this.address = `tcp://${options.connection.remote}`;
    this.since = Math.floor(options.clock.wall() / 1000);
    this.#idleSince = options.clock.now();
    this.connection.reader = {
      frame: (frame) => this.#receive(frame),
      closed: () => this.#closed(),
    };
  }

  get idleSince(): number | null {
    return this.#turns.length > 0 || this.#unsent > 0 ? null : this.#idleSince;
  }

  check(now: number): void {
    const patience = this.#options.memory.full ? STALL_WHEN_FULL_MS : STALL_MS;
    if (this.#unsent > 0 && now - this.#writingSince > patience) {
      this.#drop('takes no replies');
      return;
    }
    this.#checkDrip(now);
  }

  /** One frame that takes too long. */
  #checkDrip(now: number): void {
    const { assembler, down } = this.connection;
    if (this.#paused || assembler.partial === 0) this.#drip = null;
    else if (this.#drip?.frame !== this.#frames) {
      this.#drip = { since: now, bytes: down.total, frame: this.#frames };
    } else if (now - this.#drip.since >= DRIP_SECONDS * 1000) {
      const came = down.total - this.#drip.bytes;
      this.#drip = null;
      if (came < DRIP_BYTES_PER_SECOND * DRIP_SECONDS) this.#drop('sends a request too slowly');
    }
  }

  /** There is memory for replies again. */
  room(): void {
    this.connection.guard(() => this.#pump());
  }

  #receive(frame: Uint8Array): void {
    this.#frames++;
    const body = frame.subarray(LENGTH_PREFIX);
    const request = body.length > LONG_FRAME ? decodePlainEnvelope(body) : decodeEnvelope(body);
    const route = this.#options.router.route(request, this.peer);
    switch (route.kind) {
      case 'frame':
        this.#turns.push({ kind: 'frame', frame: route.frame, held: 0 });
        break;
      case 'chunk':
        this.#turns.push({ kind: 'chunk', request: route, reading: false });
        break;
      case 'owner':
        this.#queued += request.payload.length;
        this.#turns.push({ kind: 'owner', ask: route.ask, asked: false, size: request.payload.length });
        break;
    }
    this.#pump();
  }

  /** Writes every reply whose turn has come, and starts what may be started. */
  #pump(): void {
    if (this.#pumping || this.#over) return;
    this.#pumping = true;
    try {
      while (!this.#over && this.#turns.length > 0 && this.#answer(this.#turns[0]!)) this.#turns.shift();
      this.#askOwners();
      this.#idleSince = this.#clock.now();
      this.#pace();
    } finally {
      this.#pumping = false;
    }
    // Last, because it may wake others.
    if (!this.#over) this.#options.memory.holds(this, this.#unsent + this.#ready);
  }

  /** True when the reply at the head is written. */
  #answer(turn: Turn): boolean {
    switch (turn.kind) {
      case 'frame':
        if (this.#unsent >= MAX_PAYLOAD) return false;
        this.#ready -= turn.held;
        this.#write(turn.frame, () => {});
        return true;
      case 'owner':
        return false;
      case 'chunk': {
        if (turn.reading || !this.#mayReadChunk()) return false;
        const reply = this.#options.chunks.serve(turn.request);
        if (reply instanceof Promise) {
          turn.reading = true;
          this.#ready += CHUNK_SIZE;
          this.#settle(reply, (read) => this.#chunkRead(turn, read));
          return false;
        }
        this.#writeChunk(turn.request, reply);
        return true;
      }
    }
  }

  #mayReadChunk(): boolean {
    if (this.#unsent >= 2 * MAX_PAYLOAD) return false;
    const { memory } = this.#options;
    if (this.#unsentChunks >= (memory.short ? 1 : UNSENT_CHUNKS)) return false;
    return this.#hasRoom();
  }

  /** Memory of the shard for another reply; without any, this session waits its turn. */
  #hasRoom(): boolean {
    const { memory } = this.#options;
    if (memory.full) memory.wait(this);
    return !memory.full;
  }

  #chunkRead(turn: Turn & { kind: 'chunk' }, reply: ChunkAnswer): void {
    if (this.#over) {
      if (reply && reply !== 'unavailable') this.#options.buffers.give(reply.buffer);
      return;
    }
    this.#turns.shift();
    this.#ready -= CHUNK_SIZE;
    this.#writeChunk(turn.request, reply);
    this.#pump();
  }

  #writeChunk({ reqId, contentId }: ChunkRequest, reply: ChunkAnswer): void {
    if (reply === null || reply === 'unavailable') {
      if (reply === null) this.#options.router.missed(this.peer, contentId);
      const text = reply === null ? CHUNK_NOT_FOUND : TEMPORARILY_UNAVAILABLE;
      this.#write(encodeFrame(errorReply({ type: GET_CHUNK, reqId }, text)), () => {});
      return;
    }
    this.#unsentChunks++;
    this.#write(reply.frame, () => {
      this.#unsentChunks--;
      this.#options.buffers.give(reply.buffer);
    });
  }

  #write(frame: Uint8Array, sent: () => void): void {
    if (this.#unsent === 0) this.#writingSince = this.#clock.now();
    this.#unsent += frame.length;
    this.connection.write(frame, () => {
      this.#unsent -= frame.length;
      this.#writingSince = this.#clock.now();
      sent();
      this.#pump();
    });
  }

  /** Others are asked ahead of their turn, but not for more than what can be held. */
  #askOwners(): void {
    for (let place = 0; place < OWNERS_ASKED; place++) {
      if (this.#owners >= OWNERS_ASKED || this.#unsent >= MAX_PAYLOAD) return;
      const turn = this.#turns[place];
      if (turn === undefined) return;
      if (turn.kind !== 'owner' || turn.asked) continue;
      if (!this.#hasRoom()) return;
      turn.asked = true;
      this.#owners++;
      this.#settle(turn.ask(), (frame) => {
        this.#owners--;
        this.#queued -= turn.size;
        const at = this.#turns.indexOf(turn);
        // Not there: the session is over.
        if (at < 0) return;
        this.#turns[at] = { kind: 'frame', frame, held: frame.length };
        this.#ready += frame.length;
        this.#pump();
      });
    }
  }

  /** A promise of ours inside the session's boundary. */
  #settle<T>(promise: Promise<T>, then: (value: T) => void): void {
    promise.then(
      (value) => this.connection.guard(() => then(value)),
      (error: unknown) =>
        this.connection.guard(() => {
          throw error;
        }),
    );
  }

  #pace(): void {
    const full = this.#turns.length >= this.#options.inFlight || this.#queued > MAX_PAYLOAD;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.connection.socket.pause();
    else this.connection.socket.resume();
  }

  #drop(why: string): void {
    this.connection.guard(() => {
      throw new PeerFault(why);
    });
  }

  #closed(): void {
    this.#over = true;
    this.#turns = [];
    this.#options.memory.leave(this);
    this.#options.ended(this);
  }
}
