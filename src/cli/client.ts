import { connect, type Socket } from 'node:net';
import { z } from 'zod';
import { API_MAJOR, MAX_ANSWER_FRAME, MAX_REQUEST_FRAME } from '../control-link/limits.ts';
import { CANCEL } from '../control-link/messages.ts';
import type { BodyOf, Operation } from '../control-link/operations.ts';
import type { Events, Results } from '../control-link/results.ts';
import { failure } from '../errors.ts';
import { type ErrorRecord, fromErrorRecord } from '../supervisor/contract/actor-error.ts';
import { FrameSplitter } from '../supervisor/link/frame-splitter.ts';
import { packFrame, unpackFrame } from '../supervisor/link/message-pack.ts';
import { noDaemon, readControlFile } from './control-file.ts';

const CONNECT_MS = 5_000;
/** Longer than any answer may take the node itself: a pass over all shares, two minutes. */
const ANSWER_MS = 150_000;

const answerSchema = z.object({
  id: z.int(),
  ok: z.unknown().optional(),
  item: z.unknown().optional(),
  end: z.unknown().optional(),
  err: z.object({ code: z.string(), message: z.string() }).loose().optional(),
});

interface Call {
  item(event: unknown): void;
  settle(result: unknown): void;
  fail(error: Error): void;
}

/** A connection to the node of a data folder. */
export class NodeClient {
  readonly pid: number;
  /** Settles when the node hung up, or we did. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #calls = new Map<number, Call>();
  readonly #splitter = new FrameSplitter(MAX_ANSWER_FRAME);
  #nextId = 1;

  private constructor(socket: Socket, pid: number) {
    this.pid = pid;
    this.#socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#failAll(hungUp());
        resolve();
      });
    });
    socket.on('error', () => {});
    socket.on('data', (piece: Buffer) => {
      try {
        for (const frame of this.#splitter.push(piece)) this.#receive(unpackFrame(frame));
      } catch (error) {
        this.#failAll(
          failure('E_API_MISMATCH', 'the node answered in a form unknown here', { cause: error }),
        );
        socket.destroy();
      }
    });
  }

  /** `E_NO_DAEMON` when no node runs there, whatever the reason. */
  static async connect(home: string): Promise<NodeClient> {
    const { socket: path, pid } = await readControlFile(home);
    const socket = connect({ path });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.destroy();
        reject(failure('E_TIMEOUT', 'the node does not take the connection', { subject: path }));
      }, CONNECT_MS);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        // The file of a killed node outlives it.
        const gone = error.code === 'ECONNREFUSED' || error.code === 'ENOENT';
        reject(gone ? noDaemon(home) : failure('E_IO', error.message, { subject: path }));
      });
    });
    return new NodeClient(socket, pid);
  }

  /** One operation. Aborting the signal cancels it in the node too. */
  call<O extends Operation>(
    op: O,
    body: BodyOf<O>,
    options: {
      signal?: AbortSignal;
      onEvent?: (event: O extends keyof Events ? Events[O] : never) => void;
    } = {},
  ): Promise<Results[O]> {
    const { signal, onEvent } = options;
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted());
      const id = this.#nextId++;
      const done = () => {
        this.#calls.delete(id);
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: Error) => {
        done();
        this.#send({ v: API_MAJOR, id, op: CANCEL });
        reject(error);
      };
      const onAbort = () => giveUp(aborted());
      // Work that reports progress takes as long as it takes.
      const timer = onEvent
        ? undefined
        : setTimeout(() => giveUp(failure('E_TIMEOUT', `no answer in ${ANSWER_MS / 1000} s`)), ANSWER_MS);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#calls.set(id, {
        item: (event) => onEvent?.(event as never),
        settle: (result) => {
          done();
          resolve(result as Results[O]);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      });
      this.#send({ v: API_MAJOR, id, op, body });
    });
  }

  /** Hangs up once what was written is out. */
  close(): void {
    this.#socket.end(() => this.#socket.destroy());
  }

  #send(request: object): void {
    if (this.#socket.writable) this.#socket.write(packFrame(request, MAX_REQUEST_FRAME));
    else this.#failAll(hungUp());
  }

  #receive(value: unknown): void {
    const answer = answerSchema.parse(value);
    const call = this.#calls.get(answer.id);
    // A call that was cancelled here may still be answered.
    if (!call) return;
    if (answer.err) call.fail(fromErrorRecord(answer.err as ErrorRecord));
    else if ('item' in answer) call.item(answer.item);
    else call.settle('end' in answer ? answer.end : answer.ok);
  }

  #failAll(error: Error): void {
    for (const call of [...this.#calls.values()]) call.fail(error);
  }
}

const hungUp = () => failure('E_ACTOR_DOWN', 'the node closed the connection', { retryable: true });
const aborted = () => failure('E_ABORTED', 'cancelled');
