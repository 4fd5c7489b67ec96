import type { Socket } from 'node:net';
import { API_MAJOR, API_VERSION, MAX_ANSWER_FRAME, MAX_REQUEST_FRAME } from '../../control-link/limits.ts';
import { type Answer, CANCEL, type Request, requestSchema } from '../../control-link/messages.ts';
import { failure, withNextStep } from '../../errors.ts';
import type { Log } from '../../supervisor/contract/actor.ts';
import { ActorError, toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { Clock } from '../../supervisor/contract/clock.ts';
import { FrameSplitter, FrameTooLargeError } from '../../supervisor/link/frame-splitter.ts';
import { BadMessageError, packFrame, unpackFrame } from '../../supervisor/link/message-pack.ts';

/** Calls of one client that may be under way. */
const MAX_IN_FLIGHT = 32;
/** From the first byte of a request to its last. */
const REQUEST_MS = 30_000;
/** Unread answers above which progress is left out and requests wait. */
const HIGH_WATER = 1 << 20;

/** Runs a call; `item` passes an event on. Resolves to the member of the answer that ends the call. */
export type RunCall = (
  request: Request,
  signal: AbortSignal,
  item: (event: unknown) => void,
) => Promise<{ ok: unknown } | { end: unknown }>;

interface SessionEnvironment {
  readonly run: RunCall;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * One client of the control socket. Whatever it sends ends at most this session: what is no request closes it,
 * and so does a bug of ours met while answering it. A client that goes away cancels its calls.
 */
export class ClientSession {
  readonly #socket: Socket;
  readonly #environment: SessionEnvironment;
  readonly #splitter = new FrameSplitter(MAX_REQUEST_FRAME);
  readonly #calls = new Map<number, { abort: AbortController; done: Promise<void> }>();
  #disarm: (() => void) | null = null;

  constructor(socket: Socket, environment: SessionEnvironment) {
    this.#socket = socket;
    this.#environment = environment;
    socket.on('data', (piece: Buffer) => this.#guard(() => this.#receive(piece)));
    socket.on('drain', () => socket.resume());
    // A vanished client is an end like any other; 'close' follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#disarm?.();
      this.#cancelAll('the client is gone');
    });
  }

  /** Cancels what runs, waits until each call was answered, and hangs up. */
  async end(reason: string): Promise<void> {
    this.#cancelAll(reason);
    await Promise.all([...this.#calls.values()].map((call) => call.done));
    await new Promise<void>((resolve) => {
      if (this.#socket.destroyed) return resolve();
      this.#socket.once('close', resolve);
      this.#socket.end(() => this.#socket.destroy());
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #receive(piece: Buffer): void {
    for (const frame of this.#splitter.push(piece)) {
      this.#take(requestSchema.parse(unpackFrame(frame)));
    }
    this.#disarm?.();
    const { clock } = this.#environment;
    this.#disarm = this.#splitter.partial ? clock.after(REQUEST_MS, () => this.#socket.destroy()) : null;
    if (this.#socket.writableLength > HIGH_WATER) this.#socket.pause();
  }

  #take(request: Request): void {
    const { id } = request;
    const running = this.#calls.get(id);
    const refusal = this.#refusal(request);
    if (refusal) {
      this.#send({ id, err: toErrorRecord(refusal) });
    } else if (request.op === CANCEL) {
      running?.abort.abort(failure('E_ABORTED', 'cancelled by the client'));
    } else if (running) {
      throw new BadMessageError(`call ${id} is under way already`);
    } else {
      const call = { abort: new AbortController(), done: Promise.resolve() };
      // Entered before it runs: a call may end at once.
      this.#calls.set(id, call);
      call.done = this.#answer(request, call.abort);
    }
  }

  #refusal(request: Request): ActorError | null {
    if (request.v !== API_MAJOR) {
      const message = `the client speaks version ${request.v} of the control API, this node ${API_VERSION}`;
      return failure('E_API_MISMATCH', message);
    }
    if (request.op === CANCEL || this.#calls.size < MAX_IN_FLIGHT) return null;
    return failure('E_BUSY', `${MAX_IN_FLIGHT} calls of this client are under way`, { retryable: true });
  }

  async #answer(request: Request, abort: AbortController): Promise<void> {
    const { id } = request;
    const { signal } = abort;
    try {
      const answer = await this.#environment.run(request, signal, (item) => {
        // Events are snapshots of progress: a reader that is behind needs the latest, not all of them.
        if (this.#socket.writableLength <= HIGH_WATER) this.#send({ id, item });
      });
      this.#send({ id, ...answer });
    } catch (error) {
      this.#guard(() => this.#send({ id, err: toErrorRecord(this.#failureOf(error, signal)) }));
    } finally {
      // Whatever the call still had under way is not wanted any more.
      abort.abort();
      this.#calls.delete(id);
    }
  }

  /** What a client is told of an error: never more of our own bugs than that there was one. */
  #failureOf(error: unknown, signal: AbortSignal): unknown {
    if (error instanceof ActorError) return withNextStep(error);
    if (signal.aborted) return signal.reason;
    if (error instanceof FrameTooLargeError)
      return failure('E_USAGE', `${error.message}: ask for fewer rows`);
    this.#environment.log.error({ error: toErrorRecord(error), stack: stackOf(error) }, 'a call met a bug');
    return failure('E_INTERNAL', 'the node failed on a bug of its own');
  }

  #send(answer: Answer): void {
    if (this.#socket.writable) this.#socket.write(packFrame(answer, MAX_ANSWER_FRAME));
  }

  /** The session boundary. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#environment.log.debug({ error: toErrorRecord(error) }, 'client dropped');
      this.#socket.destroy();
    }
  }

  #cancelAll(reason: string): void {
    for (const { abort } of this.#calls.values())
      abort.abort(failure('E_ACTOR_DOWN', reason, { next: 'granary up, and the command again' }));
  }
}

const stackOf = (error: unknown): string | undefined => (error instanceof Error ? error.stack : undefined);
