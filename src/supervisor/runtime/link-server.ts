import type { Call, Handlers } from '../contract/actor.ts';
import { ActorError, toErrorRecord } from '../contract/actor-error.ts';
import type { Clock } from '../contract/clock.ts';
import { type AnySpec, type Contract, type Messages, messageOrder } from '../contract/contract.ts';
import { FRAME, type Frame, type Link } from '../link/frame.ts';
import { busyError } from './call-errors.ts';
import { CreditGate } from './credit-gate.ts';
import { ServedCall } from './served-call.ts';
import type { Turns } from './turns.ts';

type AnyHandler = (request: unknown, call: Call) => unknown;

export interface ServerEnvironment {
  readonly clock: Clock;
  /** A handler threw something that is not an `ActorError`: a bug, the end of this actor's life. */
  crash(error: unknown): void;
  /** The other side broke the rules of the link. */
  violated(error: Error): void;
  /** Counts what waits or runs, over all links of the actor. */
  depth(change: number, kind: 'call' | 'stream'): void;
  /** The caller gave this call up, also one that was answered meanwhile. */
  gaveUp?(id: number): void;
  /** The link is gone. */
  closed?(): void;
  /** The turns of a serial contract, shared by all its links; of any other contract nothing reads them. */
  readonly turns: Turns;
}

/** A tell has no caller that could cancel it. */
const NO_CALL: Call = {
  signal: new AbortController().signal,
  remainingMs: () => Number.POSITIVE_INFINITY,
};

/**
 * The answering half of one link: dispatches frames to the handlers, keeps what runs, and ends all of it
 * when the link or the actor goes.
 */
export class LinkServer {
  readonly #names: readonly string[];
  readonly #handlers: Record<string, AnyHandler>;
  readonly #contract: Contract;
  readonly #link: Link;
  readonly #environment: ServerEnvironment;
  readonly #running = new Map<number, ServedCall>();
  readonly #creditBatch: number;
  readonly #budget: number;
  #tells = 0;
  #owed = 0;
  #closed = false;

  constructor(
    contract: Contract,
    handlers: Handlers<Messages>,
    link: Link,
    budget: number,
    env: ServerEnvironment,
  ) {
    this.#contract = contract;
    this.#names = messageOrder(contract);
    this.#handlers = handlers as Record<string, AnyHandler>;
    this.#link = link;
    this.#budget = budget;
    this.#creditBatch = Math.max(1, budget >> 2);
    this.#environment = env;
    link.onFrames((frames) => {
      for (const frame of frames) this.#receive(frame);
      // What was answered on the spot leaves with this turn's work done: nothing else of it is about to come.
      link.flush();
    });
    link.onClose(() => this.close());
  }

  /** Cancels everything that runs for this link and closes it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.#running.values()) {
      call.abort(new ActorError('E_ABORTED', 'the caller is gone'));
    }
    this.#link.close();
    this.#environment.closed?.();
  }

  flush(): void {
    this.#link.flush();
  }

  #receive(frame: Frame): void {
    if (this.#closed) return;
    switch (frame[0]) {
      case FRAME.ask: {
        const name = this.#named(frame[2], 'ask', frame[1]);
        if (name !== null) this.#answer(frame[1], name, frame[3], frame[4]);
        return;
      }
      case FRAME.tells: {
        const name = this.#named(frame[1], 'tell', null);
        if (name !== null) this.#hear(name, frame[2]);
        return;
      }
      case FRAME.open: {
        const name = this.#named(frame[2], 'stream', frame[1]);
        if (name !== null) void this.#produce(frame[1], name, frame[3], frame[4]);
        return;
      }
      case FRAME.cancel:
        this.#running.get(frame[1])?.abort(new ActorError('E_ABORTED', 'cancelled by the caller'));
        this.#environment.gaveUp?.(frame[1]);
        return;
      case FRAME.itemCredit:
        this.#running.get(frame[1])?.gate?.add(frame[2]);
        return;
    }
  }

  /** The message at a place of the contract's order; null, and the end of the link, where the frame is wrong. */
  #named(place: number, kind: AnySpec['kind'], id: number | null): string | null {
    const name = this.#names[place];
    const right = name !== undefined && this.#contract.messages[name]?.kind === kind;
    if (right && !(id !== null && this.#running.has(id))) return name;
    this.#environment.violated(
      new Error(`${this.#contract.name}: no ${kind} at ${place}, or its id is in use`),
    );
    return null;
  }

  /** Synchronous where the handler is, as a tell: a reply that is there needs no promise. */
  #answer(id: number, name: string, request: unknown, ms: number): void {
    if (this.#full()) {
      this.#link.post([FRAME.fail, id, toErrorRecord(busyError(this.#contract.name, this.#budget))]);
      return;
    }
    const call = this.#begin(id, ms, null);
    const fail = (error: unknown) => {
      this.#failed(error, call, (record) => this.#link.post([FRAME.fail, id, record]));
      this.#finish(id, 'call');
    };
    const reply = (value: unknown) => {
      try {
        if (!call.reason) this.#link.post([FRAME.reply, id, value]);
      } catch (error) {
        // A reply that cannot cross this kind of link is a bug of the handler.
        return fail(error);
      }
      this.#finish(id, 'call');
    };
    const answered = (value: unknown) => {
      if (call.held === null) reply(value);
      else call.held.then(() => reply(value), fail);
    };
    const handler = this.#handlers[name]!;
    let result: unknown;
    try {
      result = this.#contract.serial
        ? this.#environment.turns.run(() => handler(request, call))
        : handler(request, call);
    } catch (error) {
      return fail(error);
    }
    if (result instanceof Promise) result.then(answered, fail);
    else answered(result);
  }

  /** Synchronous where the handler is: a tell costs a call, not a promise. */
  #hear(name: string, bodies: readonly unknown[]): void {
    this.#tells += bodies.length;
    if (this.#tells > this.#budget) {
      this.#environment.violated(new Error(`${this.#contract.name}: a sender exceeded its credit`));
      return;
    }
    this.#environment.depth(bodies.length, 'call');
    const handler = this.#handlers[name]!;
    // Nobody waits for a tell: an expected failure in one is as much a bug as an unexpected one.
    const crash = (error: unknown) => this.#environment.crash(error);
    const heard = () => this.#heard(1);
    let done = 0;
    try {
      for (const body of bodies) {
        if (this.#closed) break;
        const result = this.#contract.serial
          ? this.#environment.turns.run(() => handler(body, NO_CALL))
          : handler(body, NO_CALL);
        if (result instanceof Promise) result.then(heard, crash);
        else done++;
      }
    } catch (error) {
      crash(error);
    }
    if (done > 0) this.#heard(done);
  }

  #heard(count: number): void {
    this.#environment.depth(-count, 'call');
    this.#tells -= count;
    this.#owed += count;
    // Credit goes back a quarter of the budget at a time. What is owed below that stays owed: the sender has the other
    // three quarters, and a frame back for every batch would cost more than the batch.
    if (this.#owed >= this.#creditBatch) this.#payCredit();
  }

  #payCredit(): void {
    if (!this.#closed) this.#link.post([FRAME.credit, this.#owed]);
    this.#owed = 0;
  }

  async #produce(id: number, name: string, request: unknown, ms: number): Promise<void> {
    if (this.#full()) {
      this.#link.post([FRAME.end, id, toErrorRecord(busyError(this.#contract.name, this.#budget))]);
      return;
    }
    const spec = this.#contract.messages[name];
    const gate = new CreditGate(spec?.kind === 'stream' ? spec.window : 1);
    const call = this.#begin(id, ms, gate);
    try {
      const handler = this.#handlers[name]!;
      // Of a serial actor the opening is a turn like any other; what it produces comes beside the turns.
      const items = (
        this.#contract.serial
          ? await this.#environment.turns.run(() => handler(request, call))
          : handler(request, call)
      ) as AsyncIterable<unknown>;
      for await (const item of items) {
        if (!gate.take()) await gate.wait();
        if (call.reason) break;
        this.#link.append(FRAME.items, id, item);
      }
      if (!call.reason) this.#link.post([FRAME.end, id, null]);
    } catch (error) {
      this.#failed(error, call, (record) => this.#link.post([FRAME.end, id, record]));
    } finally {
      this.#finish(id, 'stream');
    }
  }

  #failed(
    error: unknown,
    call: ServedCall,
    answer: (record: ReturnType<typeof toErrorRecord>) => void,
  ): void {
    if (error instanceof ActorError || (call.reason && isAbort(error, call.reason))) {
      if (!call.reason) answer(toErrorRecord(error));
      return;
    }
    if (!this.#closed) {
      answer(
        toErrorRecord(
          new ActorError('E_ACTOR_CRASHED', `${this.#contract.name} failed on a bug of its own`, {
            retryable: true,
            cause: error,
          }),
        ),
      );
    }
    this.#environment.crash(error);
  }

  /**
   * The caller keeps to its budget by itself; calls it gave up while their handlers still run may come to as much
   * again. Beyond that the handlers do not heed their signals, and the bound holds all the same.
   */
  #full(): boolean {
    return this.#running.size >= 2 * this.#budget;
  }

  #begin(id: number, ms: number, gate: CreditGate | null): ServedCall {
    const call = new ServedCall(this.#environment.clock, ms, gate, this, id);
    this.#running.set(id, call);
    this.#environment.depth(1, gate ? 'stream' : 'call');
    return call;
  }

  #finish(id: number, kind: 'call' | 'stream'): void {
    this.#running.delete(id);
    this.#environment.depth(-1, kind);
  }
}

function isAbort(error: unknown, reason: Error): boolean {
  return error === reason || (error instanceof Error && error.name === 'AbortError');
}
