import { publicNeighbourhood } from '../../protocol/addresses/may-dial.ts';
import { neighbourhoodOfRemote } from '../../protocol/addresses/neighbourhood.ts';
import { CHUNK_SIZE } from '../../protocol/objects/chunks.ts';
import { decodeEnvelope, decodePlainEnvelope, encodeFrame } from '../../protocol/wire/envelope.ts';
import {
  CHUNK_NOT_FOUND,
  errorReply,
  rateLimitExceeded,
  TEMPORARILY_UNAVAILABLE,
} from '../../protocol/wire/errors.ts';
import { LENGTH_PREFIX, MAX_PAYLOAD } from '../../protocol/wire/limits.ts';
import { GET_CHUNK } from '../../protocol/wire/message-types.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import type { ChunkBuffers } from './chunk-buffers.ts';
import type { ChunkAnswer, ChunkReply, ChunkRequest, ChunkServer } from './chunk-server.ts';
import type { Connection } from './connection.ts';
import { isPeersFault, PeerFault } from './peer-fault.ts';
import type { RefusalPace } from './refusal-pace.ts';
import { RefusalRest } from './refusal-rest.ts';
import type { ReplyHolder, ReplyMemory } from './reply-memory.ts';
import type { OwnerAnswer, RequestRouter } from './request-router.ts';
import { DRIP_BYTES_PER_SECOND, DRIP_SECONDS, type Peer, type Session } from './session.ts';
import { SlicedChunk } from './sliced-chunk.ts';
import type { UploadLine } from './upload-line.ts';
import { UNSENT_CHUNKS, type UploadPeers, type UploadSession } from './upload-peers.ts';

/** Frames beyond are read in their plain form only: a MiB of odd ones would hold this thread for 50 ms. */
const LONG_FRAME = 64 * 1024;
/** Other actors asked at once for one peer. */
const OWNERS_ASKED = 4;
/** A frame of the longest kind takes this long at the slowest speed that is put up with. */
const STALL_MS = (MAX_PAYLOAD / DRIP_BYTES_PER_SECOND) * 1000;
/** How long a peer may take none of its replies when the memory for them is used up: others wait for it. */
const STALL_WHEN_FULL_MS = 15_000;

const RATE_LIMIT = rateLimitExceeded('chunk');

/** A request in the order it came, until its reply is written. */
type Turn =
  | { readonly kind: 'chunk'; readonly request: ChunkRequest; reading: boolean }
  | { readonly kind: 'owner'; readonly ask: () => Promise<OwnerAnswer>; asked: boolean; size: number }
  /** `held`: octets of an answer that others gave, counted with those being sent. */
  | { readonly kind: 'frame'; readonly frame: Uint8Array; readonly held: number };

export interface InboundOptions {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly clock: Clock;
  readonly router: RequestRouter;
  readonly chunks: ChunkServer;
  readonly buffers: ChunkBuffers;
  readonly memory: ReplyMemory;
  readonly pace: RefusalPace;
  readonly uploads: UploadLine;
  readonly peers: UploadPeers;
  /** It was given what it asked for; called once. */
  useful(): void;
  /** `fruitless`: by a fault of its peer, or before it was useful. */
  ended(session: InboundSession, fruitless: boolean): void;
}

/**
 * A session that was dialled to us: it only serves. Replies go out strictly in the order of the requests; a peer with
 * `inFlight` requests under way, or that does not take its replies, is not read from; one that is refused too much, slowly.
 */
export class InboundSession implements Session, ReplyHolder, UploadSession {
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
  readonly #neighbourhood: string | undefined;
  readonly #rest: RefusalRest;
  #finishing = false;
  #useful = false;
  /** A chunk of which not everything is written yet, because of a cap: nothing else goes out before it. */
  #sliced: SlicedChunk | null = null;

  constructor(options: InboundOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.connection = options.connection;
    this.peer = options.peer;
    this.address = `${options.connection.transport}://${options.connection.remote}`;
    const neighbourhood = neighbourhoodOfRemote(options.connection.remote);
    this.#neighbourhood = publicNeighbourhood(options.connection.remote);
    this.#rest = new RefusalRest(options.pace, neighbourhood, options.clock, () =>
      this.connection.guard(() => this.#pace()),
    );
    this.since = Math.floor(options.clock.wall() / 1000);
    this.#idleSince = options.clock.now();
    options.peers.join(this);
    this.connection.reader = {
      frame: (frame) => this.#receive(frame),
      closed: (error) => this.#closed(error),
    };
  }

  get turnCount(): number {
    return this.#turns.length;
  }

  get unsentChunks(): number {
    return this.#unsentChunks;
  }

  get hasChunks(): boolean {
    return this.#unsentChunks > 0 || this.#turns.some(({ kind }) => kind === 'chunk');
  }

  get writingSince(): number {
    return this.#writingSince;
  }

  get idleSince(): number | null {
    return this.#turns.length > 0 || this.#unsent > 0 || this.#sliced ? null : this.#idleSince;
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

  /** There is memory for replies again, or its peer may go on. */
  room(): void {
    this.connection.guard(() => this.#pump());
  }

  /** Takes in no more requests; once those before are answered, the peer is told the end and its own is waited for. */
  finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.connection.guard(() => this.#pump());
  }

  #receive(frame: Uint8Array): void {
    if (this.#finishing) return;
    this.#frames++;
    const body = frame.subarray(LENGTH_PREFIX);
    const request = body.length > LONG_FRAME ? decodePlainEnvelope(body) : decodeEnvelope(body);
    const route = this.#options.router.route(request, this.peer, this.#neighbourhood);
    switch (route.kind) {
      case 'frame':
        this.#turns.push({ kind: 'frame', frame: route.frame, held: 0 });
        this.#rest.refused(body.length);
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
      while (!this.#over && !this.#sliced && this.#turns.length > 0 && this.#answer(this.#turns[0]!)) {
        this.#turns.shift();
      }
      this.#askOwners();
      this.#idleSince = this.#clock.now();
      this.#pace();
    } finally {
      this.#pumping = false;
    }
    // Last, because it may wake others.
    if (!this.#over) this.#options.memory.holds(this, this.#unsent + this.#ready);
    if (this.#options.peers.slotted && !this.hasChunks) this.#options.peers.rests(this);
    // Not closed: with a request unread that would be a reset, which takes back what the peer has not read.
    if (this.#finishing && this.idleSince !== null) this.connection.socket.end();
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
        // Before it is read as far as that is known: whoever is refused should not cost a read.
        if (this.#options.uploads.refuses(this.peer, [])) {
          this.#refuseChunk(turn.request, RATE_LIMIT);
          return true;
        }
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
    const few = memory.short || this.#options.uploads.slow;
    if (!this.#options.peers.mayRead(this, few ? 1 : UNSENT_CHUNKS)) return false;
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

  #writeChunk(request: ChunkRequest, reply: ChunkAnswer): void {
    const { uploads, router } = this.#options;
    if (reply === null || reply === 'unavailable') {
      if (reply === null) router.missed(this.peer, request.contentId);
      this.#refuseChunk(request, reply === null ? CHUNK_NOT_FOUND : TEMPORARILY_UNAVAILABLE);
      return;
    }
    this.#wasUseful();
    if (uploads.on) return this.#writeCapped(request, reply);
    this.#unsentChunks++;
    this.#write(reply.frame, () => {
      this.#unsentChunks--;
      this.#options.buffers.give(reply.buffer);
    });
  }

  #refuseChunk({ reqId }: ChunkRequest, text: string): void {
    if (text !== TEMPORARILY_UNAVAILABLE) this.#rest.refused(0);
    this.#write(encodeFrame(errorReply({ type: GET_CHUNK, reqId }, text)), () => {});
  }

  /** As the caps allow, or not at all. */
  #writeCapped(request: ChunkRequest, reply: ChunkReply): void {
    const { uploads, buffers } = this.#options;
    if (reply.shareIds.length > 0 && uploads.refuses(this.peer, reply.shareIds)) {
      buffers.give(reply.buffer);
      return this.#refuseChunk(request, RATE_LIMIT);
    }
    this.#unsentChunks++;
    this.#ready += reply.frame.length;
    this.#sliced = new SlicedChunk(reply, {
      nodeKey: this.peer.nodeKey,
      write: (slice, sent) => {
        this.#ready -= slice.length;
        this.connection.guard(() => this.#write(slice, sent, true));
      },
      written: () => {
        this.#sliced = null;
        this.connection.guard(() => this.#pump());
      },
      release: ({ buffer }) => {
        this.#unsentChunks--;
        buffers.give(buffer);
      },
    });
    uploads.add(this.#sliced);
  }

  #write(frame: Uint8Array, sent: () => void, claimed = false): void {
    if (this.#unsent === 0) this.#writingSince = this.#clock.now();
    this.#unsent += frame.length;
    const done = () => {
      this.#unsent -= frame.length;
      this.#writingSince = this.#clock.now();
      sent();
      this.#options.peers.sent(this, frame.length);
      this.#pump();
    };
    this.connection.write(frame, done, claimed);
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
      this.#settle(turn.ask(), ({ frame, refused }) => {
        this.#owners--;
        this.#queued -= turn.size;
        const at = this.#turns.indexOf(turn);
        // Not there: the session is over.
        if (at < 0) return;
        if (refused) this.#rest.lacked(turn.size);
        else this.#wasUseful();
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

  #wasUseful(): void {
    if (this.#useful) return;
    this.#useful = true;
    this.#options.useful();
  }

  #pace(): void {
    const full = this.#rest.resting || this.#queued > MAX_PAYLOAD || this.#options.peers.full(this);
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

  #closed(error: Error | null): void {
    this.#over = true;
    this.#rest.close();
    this.#turns = [];
    if (this.#sliced) {
      this.#options.uploads.remove(this.#sliced);
      this.#sliced.abandon();
      this.#sliced = null;
    }
    this.#options.memory.leave(this);
    this.#options.peers.leave(this);
    this.#options.ended(this, !this.#useful || isPeersFault(error));
  }
}
