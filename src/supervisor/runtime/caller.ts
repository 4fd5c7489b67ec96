import { fromErrorRecord } from '../contract/actor-error.ts';
import { type AnySpec, type Contract, type Messages, messageOrder } from '../contract/contract.ts';
import type { CallOptions, Ref } from '../contract/ref.ts';
import { FRAME, type Frame, type Link } from '../link/frame.ts';
import { abortError, busyError, downError, timeoutError } from './call-errors.ts';
import type { Deadlines } from './deadlines.ts';
import { ItemQueue } from './item-queue.ts';

interface PendingCall {
  settle(value: unknown): void;
  fail(error: Error): void;
}

/** A message of the contract: how it is declared, and its place in the order both sides agree on. */
interface Entry {
  readonly spec: AnySpec;
  readonly place: number;
}

/** What a link allows: tells under way, and asks and streams in flight. */
export interface LinkBudget {
  readonly credit: number;
}

/** What the holder of a ref wants to hear of it. */
export interface CallerEvents {
  /** A call was refused because the budget is used up. */
  refused?(): void;
  /** The link closed, and nobody here closed it: the target died, or only the path to it is gone. */
  lost?(epoch: number): void;
  /** The ref lost its link, for whatever reason. */
  severed?(): void;
}

/**
 * The calling half of a link. It outlives its link: `down` fails everything pending, `bind` attaches the
 * link to the target's next life. Nothing is ever sent twice.
 */
export class Caller<M extends Messages = Messages> implements Ref<M> {
  readonly #name: string;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #deadlines: Deadlines;
  readonly #events: CallerEvents;
  readonly #calls = new Map<number, PendingCall>();
  readonly #streams = new Map<number, ItemQueue>();
  readonly #listeners = new Set<(epoch: number) => void>();
  /** The newest tell of each `latest` message that found no credit. */
  readonly #held = new Map<number, { message: unknown; spec: Extract<AnySpec, { kind: 'tell' }> }>();
  #waiting: PendingCall[] = [];
  #link: Link | null = null;
  #epoch = 0;
  #credit = 0;
  #cap = 0;
  #nextId = 1;

  constructor(contract: Contract<string, M>, deadlines: Deadlines, events: CallerEvents = {}) {
    this.#name = contract.name;
    this.#deadlines = deadlines;
    this.#events = events;
    this.#entries = new Map(
      messageOrder(contract).map((name, place) => [name, { spec: contract.messages[name]!, place }]),
    );
  }

  /** Attaches a fresh link. Credit starts anew; what was pending on an older link fails. */
  bind(link: Link, epoch: number, budget: LinkBudget): void {
    this.sever();
    this.#link = link;
    this.#epoch = epoch;
    this.#credit = budget.credit;
    this.#cap = budget.credit;
    link.onFrames((frames) => {
      for (const frame of frames) this.#receive(frame);
    });
    link.onClose(() => {
      if (this.#link === link) this.#events.lost?.(epoch);
    });
  }

  /** The target's life ended: fails what is pending, tells the listeners. */
  down(): void {
    if (!this.#link) return;
    // The news came on another path than its last answers, which may still wait here.
    this.#link.drain?.();
    this.sever();
    for (const listener of [...this.#listeners]) listener(this.#epoch);
  }

  /** Fails everything pending and leaves the ref without a link: the holder stops, or the link is replaced. */
  sever(): void {
    const link = this.#link;
    if (!link) return;
    this.#link = null;
    link.close();
    this.#events.severed?.();
    this.#held.clear();
    const error = downError(this.#name);
    const pending = [...this.#calls.values(), ...this.#waiting];
    this.#waiting = [];
    for (const call of pending) call.fail(error);
    for (const queue of [...this.#streams.values()]) queue.end(error);
  }

  get up(): boolean {
    return this.#link !== null;
  }

  ask(name: string, request: unknown, options: CallOptions = {}): Promise<never> {
    return new Promise((resolve, reject) => {
      const { spec, place } = this.#entry(name, 'ask');
      const link = this.#link;
      const refusal = this.#refusal(options.signal);
      if (!link || refusal) return reject(refusal ?? downError(this.#name));
      const id = this.#nextId++;
      const ms = options.deadlineMs ?? spec.deadlineMs;
      const done = () => {
        this.#calls.delete(id);
        disarm();
        options.signal?.removeEventListener('abort', onAbort);
      };
      const fail = (error: unknown) => {
        done();
        reject(error);
      };
      const giveUp = (error: Error) => {
        this.#link?.post([FRAME.cancel, id]);
        fail(error);
      };
      const onAbort = () => giveUp(abortError(options.signal));
      const disarm = this.#deadlines.add(ms, () => giveUp(timeoutError(this.#name, name, ms)));
      options.signal?.addEventListener('abort', onAbort, { once: true });
      this.#calls.set(id, {
        settle(value) {
          done();
          resolve(value as never);
        },
        fail,
      });
      try {
        link.post([FRAME.ask, id, place, request, ms], spec.transfer?.(request));
      } catch (error) {
        fail(error);
      }
    });
  }

  tell(name: string, message: unknown): boolean {
    const { spec, place } = this.#entry(name, 'tell');
    if (!this.#link) return false;
    if (this.#credit <= 0) {
      if (spec.overflow === 'latest') {
        this.#held.set(place, { message, spec });
        return true;
      }
      this.#events.refused?.();
      return false;
    }
    this.#credit--;
    this.#link.append(FRAME.tells, place, message, spec.transfer?.(message));
    return true;
  }

  ready(): Promise<void> {
    if (!this.#link) return Promise.reject(downError(this.#name));
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
    const { spec, place } = this.#entry(name, 'stream');
    const link = this.#link;
    const refusal = this.#refusal(options.signal);
    if (!link || refusal) throw refusal ?? downError(this.#name);
    const id = this.#nextId++;
    const ms = options.deadlineMs ?? Number.POSITIVE_INFINITY;
    const queue = new ItemQueue();
    const onAbort = () => queue.end(abortError(options.signal));
    const disarm = this.#deadlines.add(ms, () => queue.end(timeoutError(this.#name, name, ms)));
    options.signal?.addEventListener('abort', onAbort, { once: true });
    this.#streams.set(id, queue);
    const batch = Math.max(1, spec.window >> 1);
    let unpaid = 0;
    try {
      link.post([FRAME.open, id, place, request, ms]);
      while (await queue.more()) {
        while (queue.length > 0) {
          const item = queue.shift();
          if (++unpaid >= batch) {
            if (this.#link === link) link.post([FRAME.itemCredit, id, unpaid]);
            unpaid = 0;
          }
          yield item as never;
        }
      }
    } finally {
      this.#streams.delete(id);
      disarm();
      options.signal?.removeEventListener('abort', onAbort);
      if (!queue.drained && this.#link === link) link.post([FRAME.cancel, id]);
    }
  }

  onDown(listener: (epoch: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #receive(frame: Frame): void {
    switch (frame[0]) {
      case FRAME.reply:
        this.#calls.get(frame[1])?.settle(frame[2]);
        return;
      case FRAME.fail:
        this.#calls.get(frame[1])?.fail(fromErrorRecord(frame[2]));
        return;
      case FRAME.items:
        this.#streams.get(frame[1])?.push(frame[2]);
        return;
      case FRAME.end:
        this.#streams.get(frame[1])?.endByProducer(frame[2] && fromErrorRecord(frame[2]));
        return;
      case FRAME.credit:
        return this.#credited(frame[1]);
    }
  }

  #credited(amount: number): void {
    this.#credit += amount;
    for (const [place, { message, spec }] of this.#held) {
      if (this.#credit <= 0) break;
      this.#credit--;
      this.#held.delete(place);
      this.#link?.append(FRAME.tells, place, message, spec.transfer?.(message));
    }
    if (this.#credit <= 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.settle(undefined);
  }

  #entry<K extends AnySpec['kind']>(
    name: string,
    kind: K,
  ): { readonly spec: Extract<AnySpec, { kind: K }>; readonly place: number } {
    const entry = this.#entries.get(name);
    if (entry?.spec.kind !== kind) throw new TypeError(`${this.#name} has no ${kind} named ${name}`);
    return entry as { spec: Extract<AnySpec, { kind: K }>; place: number };
  }

  #refusal(signal: AbortSignal | undefined): Error | null {
    if (signal?.aborted) return abortError(signal);
    if (!this.#link) return downError(this.#name);
    if (this.#calls.size + this.#streams.size < this.#cap) return null;
    this.#events.refused?.();
    return busyError(this.#name, this.#cap);
  }
}
