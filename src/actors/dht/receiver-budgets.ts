import { TokenBuckets } from '../token-buckets.ts';

/** Never more than 60 within any minute: 48 that flow in, and ten at once. */
const PER_RECEIVER = { perSecond: 0.8, burst: 10 };
/** Values that one node is given until they are given again; it may keep 100,000 in all (SCP2P wire, section 10.1). */
export const MAX_VALUES_EACH = 5_000;
/** After it has said that it is too much. */
const PAUSE_MS = 5_000;
const MAX_RECEIVERS = 4_096;

interface Receiver {
  pausedUntil: number;
  /** Values since then, and how many it takes as far as is known. */
  since: number;
  values: number;
  room: number;
}

/** What other nodes are given by this one, node by node: how fast, and how much of it. Bounded; pure but for its clock's times. */
export class ReceiverBudgets {
  readonly #rates = new TokenBuckets(PER_RECEIVER.perSecond, PER_RECEIVER.burst, 60);
  readonly #receivers = new Map<string, Receiver>();
  /** Milliseconds until values are given again: who had no room may have some. */
  periodMs = 20 * 3_600_000;

  /** Milliseconds until it may be given the next value. */
  waitMs(receiver: string, now: number): number {
    const paused = (this.#receivers.get(receiver)?.pausedUntil ?? 0) - now;
    const owed = this.#rates.debtMs(receiver, now);
    const empty = owed === 0 && !this.#rates.has(receiver, now) ? 1000 / PER_RECEIVER.perSecond : 0;
    return Math.max(0, paused, owed, empty);
  }

  /** One more value; may be taken before its turn, so that others wait behind it. */
  take(receiver: string, now: number): void {
    this.#rates.take(receiver, now);
    this.#of(receiver, now).values++;
  }

  /** It said that it is asked too much. */
  pause(receiver: string, now: number): void {
    this.#of(receiver, now).pausedUntil = now + PAUSE_MS;
  }

  /** It said that it has no room: it is given as many as it has, not more. */
  full(receiver: string, now: number): void {
    const known = this.#of(receiver, now);
    known.room = Math.max(1, known.values - 1);
  }

  /** Values that it takes until they are given again. */
  room(receiver: string): number {
    return this.#receivers.get(receiver)?.room ?? MAX_VALUES_EACH;
  }

  hasRoom(receiver: string, now: number): boolean {
    const known = this.#receivers.get(receiver);
    return known === undefined || now - known.since >= this.periodMs || known.values < known.room;
  }

  #of(receiver: string, now: number): Receiver {
    const known = this.#receivers.get(receiver);
    if (known !== undefined) {
      if (now - known.since >= this.periodMs) Object.assign(known, { values: 0, since: now });
      return known;
    }
    if (this.#receivers.size >= MAX_RECEIVERS) {
      this.#receivers.delete(this.#receivers.keys().next().value!);
    }
    const fresh = { pausedUntil: 0, since: now, values: 0, room: MAX_VALUES_EACH };
    this.#receivers.set(receiver, fresh);
    return fresh;
  }
}
