import type { Call } from '../contract/actor.ts';
import type { Clock } from '../contract/clock.ts';
import type { CreditGate } from './credit-gate.ts';

/**
 * A call as the answering side keeps it while it runs. The signal is made when a handler asks for it: most handlers of
 * short calls never do, and it costs as much as the rest of the call.
 */
export class ServedCall implements Call {
  readonly gate: CreditGate | null;
  /** The server of the link it came by, and its number there: what the slab knows it by. */
  readonly path: object;
  readonly id: number;
  readonly #clock: Clock;
  readonly #due: number;
  #controller: AbortController | null = null;
  /** Why it was cancelled; null while it is wanted. */
  reason: Error | null = null;
  /** What its answer waits for after its turn. */
  held: Promise<unknown> | null = null;

  constructor(clock: Clock, ms: number, gate: CreditGate | null, path: object, id: number) {
    this.#clock = clock;
    this.#due = clock.now() + ms;
    this.gate = gate;
    this.path = path;
    this.id = id;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.reason) this.#controller.abort(this.reason);
    }
    return this.#controller.signal;
  }

  remainingMs(): number {
    return this.#due - this.#clock.now();
  }

  hold(until: Promise<unknown>): void {
    this.held = until;
    // Whoever holds an answer may fail before anybody waits for what it is held for.
    until.catch(() => {});
  }

  abort(reason: Error): void {
    if (this.reason) return;
    this.reason = reason;
    this.#controller?.abort(reason);
    this.gate?.open();
  }
}
