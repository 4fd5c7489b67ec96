import { failure } from '../../errors.ts';
import { bytesEqual } from '../../protocol/crypto/bytes.ts';
import type { Envelope } from '../../protocol/wire/envelope.ts';
import { isError } from '../../protocol/wire/errors.ts';
import { CHUNK_DATA, GET_CHUNK } from '../../protocol/wire/message-types.ts';
import { decodeReply, encodeRequest } from '../../protocol/wire/registry.ts';
import type { ActorError } from '../../supervisor/contract/actor-error.ts';
import { ChunkPlan, type WantedChunk } from './chunk-plan.ts';
import type { ChunkSink } from './chunk-sink.ts';
import type { ShardContext } from './context.ts';
import type { FetchEvent, FetchFile } from './contract.ts';
import { FetchEvents } from './fetch-events.ts';
import type { OrderedHashes } from './ordered-hashes.ts';
import type { OutboundSession, Reply } from './outbound-session.ts';
import { PeerFault } from './peer-fault.ts';
import { brokenBy, isRateLimit, peerError } from './peer-request.ts';
import { TargetFile } from './target-file.ts';

/** How long asking rests after "rate limit exceeded": the reference's own back-off. */
const RATE_PAUSE_MS = 5_000;
/** And after "temporarily unavailable": a store that died is back within the second. */
const BUSY_PAUSE_MS = 500;
/** Without a single chunk for longer than the peer's window of a minute, its limit is not why. */
const PATIENCE_MS = 90_000;

/** Sessions in a row that bring nothing, after which a peer has no place for us; over QUIC the bridge may have ended. */
const EMPTY_OVER_QUIC = 3;

/** How a shard gets a session for a fetch, and a new one when the old one ended. */
export type OpenSession = () => Promise<OutboundSession>;

/**
 * The wanted chunks of some files from one peer: asked for ahead as far as the session's places go, verified in the buffer
 * they arrived in, written from there. Ends when every file is whole, or with the first error nothing can be done
 * about; a session that ends while chunks come is dialled again.
 */
export class ChunkFetch {
  readonly #context: ShardContext;
  readonly #open: OpenSession;
  readonly #files: readonly TargetFile[];
  readonly #shareIds: readonly string[];
  readonly #plan: ChunkPlan;
  readonly #sink: ChunkSink;
  readonly #events: FetchEvents;
  readonly #wrong = new Set<string>();
  #missing: number;
  #session: OutboundSession | null = null;
  /** Undoes what holds the session open, and ready for chunks. */
  #release = () => {};
  #asked = 0;
  /** Takes back the wish for a place; null: nothing is waited for. */
  #leaveQueue: (() => void) | null = null;
  /** Ends the rest after the peer asked for one; null: asking does not rest. It outlives the session: so does a limit. */
  #disarmPause: (() => void) | null = null;
  #chunkAt: number;
  /** Chunks that came since the session was opened: one that brings nothing is not opened again. */
  #came = 0;
  /** Sessions in a row that brought nothing at all. */
  #empty = 0;
  #over = false;

  constructor(
    context: ShardContext,
    sink: ChunkSink,
    ordered: OrderedHashes,
    open: OpenSession,
    { files, shareIds = [] }: { files: readonly FetchFile[]; shareIds?: readonly string[] | undefined },
  ) {
    this.#context = context;
    this.#open = open;
    this.#shareIds = shareIds;
    this.#files = files.map((file, index) => new TargetFile(index, file, ordered));
    this.#plan = new ChunkPlan(this.#files);
    this.#events = new FetchEvents(context.clock);
    this.#sink = sink;
    this.#missing = this.#files.reduce((sum, { missing }) => sum + missing, 0);
    this.#chunkAt = context.clock.now();
  }

  /** Leaving early stops the asking; what is under way is let go by. */
  async *run(signal: AbortSignal): AsyncGenerator<FetchEvent, void, undefined> {
    const onAbort = () => this.#end(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (const file of this.#files) if (file.missing === 0) this.#events.file(file.index, null);
      if (signal.aborted) onAbort();
      else if (this.#missing === 0) this.#end(null);
      else void this.#connect();
      yield* this.#events.drain();
      yield { kind: 'spent', verifyMs: this.#sink.verifyMs, writeMs: this.#sink.writeMs };
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#end(null);
      for (const file of this.#files) file.close();
    }
  }

  async #connect(): Promise<void> {
    try {
      const session = await this.#open();
      if (this.#over) return;
      this.#session = session;
      this.#came = 0;
      this.#chunkAt = this.#context.clock.now();
      this.#release = session.fetchChunks(this.#shareIds, () => this.#askMore());
      this.#askMore();
    } catch (error) {
      this.#end(error as Error);
    }
  }

  /** Asks for as many chunks as there are places. */
  #askMore(): void {
    const session = this.#session;
    while (session && !this.#over && !this.#resting() && !this.#leaveQueue && this.#asked < session.ahead) {
      const wanted = this.#plan.next();
      if (wanted === null) return this.#events.asked();
      if (session.places.take()) {
        this.#ask(session, wanted);
        continue;
      }
      this.#plan.putBack(wanted);
      this.#leaveQueue = session.places.wait(() => {
        this.#leaveQueue = null;
        const next = this.#over || this.#resting() ? null : this.#plan.next();
        if (next === null) session.places.give();
        else this.#ask(session, next);
        this.#askMore();
      });
    }
  }

  /** Nothing is asked while the disk is behind, or the peer said that it cannot answer now. */
  #resting(): boolean {
    return this.#sink.full || this.#disarmPause !== null;
  }

  #ask(session: OutboundSession, wanted: WantedChunk): void {
    const { contentId } = wanted.file;
    this.#asked++;
    session.ask(GET_CHUNK, encodeRequest(GET_CHUNK, { contentId, chunkIndex: wanted.chunk }), {
      reply: (reply) => {
        this.#asked--;
        if (this.#over) return;
        try {
          this.#receive(session, wanted, reply);
        } catch (error) {
          // The session ends for it, in its own boundary; this fetch has to hear of it too.
          this.#end(brokenBy(session, error));
          throw error;
        }
        this.#askMore();
      },
      lost: (error) => {
        this.#asked--;
        if (this.#over) return;
        this.#plan.putBack(wanted);
        this.#lost(session, error);
      },
    });
  }

  #receive(session: OutboundSession, wanted: WantedChunk, reply: Reply): void {
    if (reply.envelope && isError(reply.envelope)) return this.#refused(session, wanted, reply.envelope);
    const { contentId, index, data } = chunkOf(reply);
    if (index !== wanted.chunk || !bytesEqual(contentId, wanted.file.contentId)) {
      throw new PeerFault('another chunk than the one asked for');
    }
    const verified = this.#sink.put(wanted, data, session.connection.assembler, reply.frame, (error) =>
      this.#written(wanted, data.length, error),
    );
    if (!verified) return this.#corrupt(session, wanted);
    this.#came++;
    this.#chunkAt = this.#context.clock.now();
  }

  #written({ file, chunk }: WantedChunk, length: number, error: ActorError | null): void {
    if (this.#over) return;
    if (error) return this.#end(error);
    const { metrics } = this.#context;
    metrics.add('chunks_fetched', 1);
    metrics.add('disk_written', length);
    this.#missing--;
    file.missing--;
    if (file.missing === 0) {
      file.close();
      this.#events.file(file.index, file.takeContentId());
    }
    this.#events.chunk(file.index, chunk, length);
    if (this.#missing === 0) this.#end(null);
    else if (!this.#sink.full) this.#askMore();
  }

  #corrupt(session: OutboundSession, wanted: WantedChunk): void {
    const { file, chunk } = wanted;
    this.#context.metrics.add('chunks_corrupt', 1);
    this.#events.corrupt(file.index, chunk);
    const name = `${file.index}/${chunk}`;
    if (this.#wrong.has(name)) {
      const message = `chunk ${chunk} came twice with wrong bytes from ${session.address}`;
      return this.#end(failure('E_CHUNK_CORRUPT', message, { subject: file.path }));
    }
    this.#wrong.add(name);
    this.#plan.putBack(wanted);
  }

  #refused(session: OutboundSession, wanted: WantedChunk, envelope: Envelope): void {
    const error = peerError(session, envelope, wanted.file.path);
    const { clock } = this.#context;
    const now = clock.now();
    if (!error.retryable || now - this.#chunkAt > PATIENCE_MS) return this.#end(error);
    this.#plan.putBack(wanted);
    const pauseMs = isRateLimit(error.message) ? RATE_PAUSE_MS : BUSY_PAUSE_MS;
    this.#disarmPause ??= clock.after(pauseMs, () => {
      this.#disarmPause = null;
      this.#askMore();
    });
  }

  #lost(session: OutboundSession, error: ActorError): void {
    if (this.#session === session) {
      this.#leaveSession();
      // One that answered others before is no peer that refuses us: its shard may just have been taken away.
      const empty = this.#came === 0 && session.replies === 0;
      this.#empty = empty ? this.#empty + 1 : 0;
      const tries = session.connection.transport === 'quic' ? EMPTY_OVER_QUIC : 1;
      if (!error.retryable || this.#empty >= tries) return this.#end(error);
    }
    // Every chunk under way is back in the plan: now a new session can ask for them.
    if (this.#session === null && this.#asked === 0) void this.#connect();
  }

  #leaveSession(): void {
    this.#session = null;
    this.#leaveQueue?.();
    this.#leaveQueue = null;
    this.#release();
    this.#release = () => {};
  }

  #end(error: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#disarmPause?.();
    this.#leaveSession();
    this.#events.end(error);
  }
}

/** The octets of the chunk as a view on the frame, in whichever layout it came. Throws DecodeError, PeerFault. */
function chunkOf({ frame, chunk, envelope }: Reply) {
  if (chunk) {
    const data = frame.subarray(chunk.dataOffset, chunk.dataOffset + chunk.dataLength);
    return { contentId: chunk.contentId, index: chunk.index, data };
  }
  if (envelope!.type !== CHUNK_DATA) throw new PeerFault(`type ${envelope!.type} for a chunk`);
  const { contentId, chunkIndex, bytes } = decodeReply(GET_CHUNK, envelope!.payload);
  return { contentId, index: chunkIndex, data: bytes };
}
