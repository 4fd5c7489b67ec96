import type { Behaviour, Call } from '../supervisor/contract/actor.ts';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import type { Clock } from '../supervisor/contract/clock.ts';
import type { Contract, Messages } from '../supervisor/contract/contract.ts';
import type { CallOptions, GroupRef, Ref } from '../supervisor/contract/ref.ts';
import { abortError, downError, timeoutError } from '../supervisor/runtime/call-errors.ts';
import { ServedCall } from '../supervisor/runtime/served-call.ts';

/** A behaviour that can be called. */
export interface Callee {
  readonly contract: Contract;
  readonly behaviour: Behaviour<Messages>;
  /** Settles every call within the deadline it is given: no timer is needed beside. */
  readonly keepsDeadlines: boolean;
  /** A handler threw what is no answer. */
  crash(error: unknown): void;
}

type Handler = (request: unknown, call: Call) => unknown;

/**
 * A ref without a link: it calls the handlers of another behaviour of the same node, in a turn of their own. Deadlines,
 * signals and errors are those of a ref over a link; there is no credit, nothing is copied, and it takes no time. Also a
 * group of one.
 */
export class DirectRef implements GroupRef<Messages>, Ref<Messages> {
  readonly size = 1;
  readonly #name: string;
  readonly #clock: Clock;
  readonly #callee: () => Callee | null;

  constructor(name: string, clock: Clock, callee: () => Callee | null) {
    this.#name = name;
    this.#clock = clock;
    this.#callee = callee;
  }

  member(): Ref<Messages> {
    return this;
  }

  route(): Ref<Messages> {
    return this;
  }

  ask(name: string, request: unknown, options: CallOptions = {}): Promise<never> {
    return new Promise((resolve, reject) => {
      const callee = this.#callee();
      const { signal } = options;
      if (callee === null) return reject(downError(this.#name));
      if (signal?.aborted) return reject(abortError(signal));
      const spec = callee.contract.messages[name];
      if (spec?.kind !== 'ask') throw new TypeError(`${this.#name} is not asked ${name}`);
      const ms = options.deadlineMs ?? spec.deadlineMs;
      const call = new ServedCall(this.#clock, ms, null, this, 0);
      let disarm: (() => void) | null = null;
      const leave = () => {
        disarm?.();
        signal?.removeEventListener('abort', onAbort);
      };
      const giveUp = (error: ActorError) => {
        leave();
        call.abort(error);
        reject(error);
      };
      const onAbort = () => giveUp(abortError(signal));
      signal?.addEventListener('abort', onAbort, { once: true });
      if (!callee.keepsDeadlines) {
        disarm = this.#clock.after(ms, () => giveUp(timeoutError(this.#name, name, ms)));
      }
      queueMicrotask(async () => {
        try {
          const handler = callee.behaviour.handlers[name] as unknown as Handler | undefined;
          if (handler === undefined) throw new TypeError(`${this.#name} does not answer ${name} here`);
          const reply = await handler.call(callee.behaviour.handlers, request, call);
          if (call.held !== null) await call.held;
          if (call.reason === null) leave();
          resolve(reply as never);
        } catch (error) {
          if (call.reason !== null && isAbort(error)) return;
          if (!(error instanceof ActorError)) return callee.crash(error);
          if (call.reason === null) leave();
          reject(error);
        }
      });
    });
  }

  tell(name: string, message: unknown): boolean {
    const callee = this.#callee();
    if (callee === null) return false;
    queueMicrotask(async () => {
      try {
        await (callee.behaviour.handlers[name] as unknown as (message: unknown) => unknown)(message);
      } catch (error) {
        callee.crash(error);
      }
    });
    return true;
  }

  ready(): Promise<void> {
    return this.#callee() === null ? Promise.reject(downError(this.#name)) : Promise.resolve();
  }

  async *stream(name: string, request: unknown, options: CallOptions = {}): AsyncGenerator<never, void> {
    const callee = this.#callee();
    if (callee === null) throw downError(this.#name);
    const call = new ServedCall(this.#clock, options.deadlineMs ?? Number.POSITIVE_INFINITY, null, this, 0);
    const onAbort = () => call.abort(abortError(options.signal));
    if (options.signal?.aborted) onAbort();
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const handler = callee.behaviour.handlers[name] as unknown as Handler;
      for await (const item of handler(request, call) as AsyncIterable<never>) {
        if (call.reason !== null) throw call.reason;
        yield item;
      }
    } finally {
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Parts of a node die together here, so nobody is left to hear of it. */
  onDown(): () => void {
    return () => {};
  }
}

const isAbort = (error: unknown): boolean =>
  error instanceof ActorError || (error instanceof Error && error.name === 'AbortError');
