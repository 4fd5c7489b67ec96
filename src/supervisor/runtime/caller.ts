import { ActorError, fromErrorRecord } from '../contract/actor-error.ts';
import { type AnySpec, type Contract, type Messages, messageOrder } from '../contract/contract.ts';
import type { CallOptions, Ref } from '../contract/ref.ts';
import { FRAME, type Frame, type Link } from '../link/frame.ts';
import type { Deadlines } from './deadlines.ts';
import { ItemQueue } from './item-queue.ts';

interface PendingCall {
  settle(value: unknown): void;
  fail(error: Error): void;
}

/** What a link allows: tells under way, and asks and streams in flight. */
export interface LinkBudget {
  readonly credit: number;
}

/**
 * The calling half of a link. It outlives its link: `down` fails everything pending, `bind` attaches the
 * link to the target's next life. Nothing is ever sent twice.
 */
export class Caller<M extends Messages = Messages> implements Ref<M> {
  readonly #contract: Contract<string, M>;
  readonly #place: ReadonlyMap<string, number>;
  readonly #deadlines: Deadlines;
  readonly #calls = new Map<number, PendingCall>();
  readonly #streams = new Map<number, ItemQueue>();
  readonly #listeners = new Set<(epoch: number) => void>();
  #waiting: PendingCall[] = [];
  #link: Link | null = null;
  #epoch = 0;
  #credit = 0;
  #cap = 0;
  #nextId = 1;

  constructor(contract: Contract<string, M>, deadlines: Deadlines) {
    this.#contract = contract;
    this.#deadlines = deadlines;
    this.#place = new Map(messageOrder(contract).map((name, index) => [name, index]));
  }

  /** Attaches a fresh link. Credit starts anew. */
  bind(link: Link, epoch: number, budget: LinkBudget): void {
    this.#link?.close();
    this.#link = link;
    this.#epoch = epoch;
    this.#credit = budget.credit;
    this.#cap = budget.credit;
    link.onFrames((frames) => {
      for (const frame of frames) this.#receive(frame);
    });
  }

  /** The target's life ended: fails what is pending, tells the listeners. */
  down(): void {
    if (!this.#link) return;
    this.#link.close();
    this.#link = null;
    const error = this.#downError();
    const pending = [...this.#calls.values(), ...this.#waiting];
    this.#waiting = [];
    for (const call of pending) call.fail(error);
    for (const queue of [...this.#streams.values()]) queue.end(error);
    for (const listener of [...this.#listeners]) listener(this.#epoch);
  }

  get up(): boolean {
    return this.#link !== null;
  }

  ask(name: string, request: unknown, options: CallOptions = {}): Promise<never> {
    return new Promise((resolve, reject) => {
      const spec = this.#spec(name, 'ask');
      const link = this.#link;
      const refusal = this.#refusal(options.signal);
      if (!link || refusal) return reject(refusal ?? this.#downError());
      const id = this.#nextId++;
      const ms = options.deadlineMs ?? spec.deadlineMs;
      const done = () => {
        this.#calls.delete(id);
        disarm();
        options.signal?.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: Error) => {
        done();
        this.#link?.post([FRAME.cancel, id]);
        reject(error);
      };
      const onAbort = () => giveUp(abortError(options.signal));
      const disarm = this.#deadlines.add(ms, () => giveUp(this.#timeout(name, ms)));
      options.signal?.addEventListener('abort', onAbort, { once: true });
      this.#calls.set(id, {
        settle(value) {
          done();
          resolve(value as never);
        },
        fail(error) {
          done();
          reject(error);
        },
      });
      link.post([FRAME.ask, id, this.#place.get(name)!, request, ms], spec.transfer?.(request));
    });
  }

  tell(name: string, message: unknown): boolean {
    const spec = this.#spec(name, 'tell');
    if (!this.#link || this.#credit <= 0) return false;
    this.#credit--;
    this.#link.post([FRAME.tell, this.#place.get(name)!, message], spec.transfer?.(message));
    return true;
  }

  ready(): Promise<void> {
    if (!this.#link) return Promise.reject(this.#downError());
    if (this.#credit > 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ settle: () => resolve(), fail: reject });
    });
  }

  async *stream(
    name: string,
    request: unknown,
    options: CallOptions = {},
  ): AsyncGenerator<never, void, undefined> {
    const spec = this.#spec(name, 'stream');
    const link = this.#link;
    const refusal = this.#refusal(options.signal);
    if (!link || refusal) throw refusal ?? this.#downError();
    const id = this.#nextId++;
    const ms = options.deadlineMs ?? Number.POSITIVE_INFINITY;
    const queue = new ItemQueue();
    const onAbort = () => queue.end(abortError(options.signal));
    const disarm = this.#deadlines.add(ms, () => queue.end(this.#timeout(name, ms)));
    options.signal?.addEventListener('abort', onAbort, { once: true });
    this.#streams.set(id, queue);
    link.post([FRAME.open, id, this.#place.get(name)!, request, ms]);
    const batch = Math.max(1, spec.window >> 1);
    let unpaid = 0;
    try {
      for (;;) {
        const next = await queue.take();
        if (next.done) return;
        if (++unpaid >= batch) {
          this.#link?.post([FRAME.itemCredit, id, unpaid]);
          unpaid = 0;
        }
        yield next.value as never;
      }
    } finally {
      this.#streams.delete(id);
      disarm();
      options.signal?.removeEventListener('abort', onAbort);
      if (!queue.endedByProducer) this.#link?.post([FRAME.cancel, id]);
    }
  }

  onDown(listener: (epoch: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  flush(): void {
    this.#link?.flush();
  }

  #receive(frame: Frame): void {
    switch (frame[0]) {
      case FRAME.reply:
        this.#calls.get(frame[1])?.settle(frame[2]);
        return;
      case FRAME.fail:
        this.#calls.get(frame[1])?.fail(fromErrorRecord(frame[2]));
        return;
      case FRAME.item:
        this.#streams.get(frame[1])?.push(frame[2]);
        return;
      case FRAME.end:
        this.#streams.get(frame[1])?.endByProducer(frame[2] && fromErrorRecord(frame[2]));
        return;
      case FRAME.credit: {
        this.#credit += frame[1];
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const waiter of waiting) waiter.settle(undefined);
        return;
      }
    }
  }

  #spec<K extends AnySpec['kind']>(name: string, kind: K): Extract<AnySpec, { kind: K }> {
    const spec = this.#contract.messages[name];
    if (spec?.kind !== kind) throw new TypeError(`${this.#contract.name} has no ${kind} named ${name}`);
    return spec as Extract<AnySpec, { kind: K }>;
  }

  #refusal(signal: AbortSignal | undefined): Error | null {
    if (signal?.aborted) return abortError(signal);
    if (!this.#link) return this.#downError();
    if (this.#calls.size + this.#streams.size < this.#cap) return null;
    return new ActorError('E_BUSY', `${this.#contract.name} has ${this.#cap} calls in flight from here`, {
      retryable: true,
    });
  }

  #timeout(name: string, ms: number): ActorError {
    return new ActorError('E_TIMEOUT', `${this.#contract.name}.${name} gave no answer in ${ms} ms`, {
      retryable: true,
    });
  }

  #downError(): ActorError {
    return new ActorError('E_ACTOR_DOWN', `${this.#contract.name} is down`, { retryable: true });
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof ActorError
    ? reason
    : new ActorError('E_ABORTED', 'the call was cancelled', { cause: reason });
}
