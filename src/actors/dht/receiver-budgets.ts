import { TokenBuckets } from '../token-buckets.ts';
import { BUCKETS } from './announce/cycle.ts';

/** Never more than 60 within any minute: 45 that flow in, ten at once, and what waited for the end of a pause. */
const PER_RECEIVER = { perSecond: 0.75, burst: 10 };
/** Values of ours that one node has; it may keep 100,000 in all (SCP2P wire, section 10.1). */
export const MAX_VALUES_EACH = 5_000;
/** After it has said that it is too much. */
const PAUSE_MS = 5_000;
/** Own shares are given again after so long; whoever had no room may have some then. */
const AGAIN_MS = 12 * 3_600_000;
const MAX_RECEIVERS = 4_096;

interface Receiver {
  pausedUntil: number;
  /** By the part of the keyspace they are in: what is given again counts once. */
  readonly parts: Uint16Array;
  /** Of own shares, since then. */
  shares: number;
  sharesSince: number;
  values: number;
  /** How many it takes, and since when that is known. */
  room: number;
  roomSince: number;
}

/** What other nodes are given by this one, node by node: how fast, and how much of it. Bounded; times are milliseconds. */
export class ReceiverBudgets {
  readonly #rates = new TokenBuckets(PER_RECEIVER.perSecond, PER_RECEIVER.burst, 60);
  readonly #receivers = new Map<string, Receiver>();

  /**
   * Takes the turn of one more value: milliseconds until it comes, behind those that others took before. Null: it is
   * further away than `within`, and nothing is taken. `part`: of the keyspace; null: a value of an own share.
   */
  reserve(receiver: string, now: number, within: number, part: number | null): number | null {
    const paused = this.pausedMs(receiver, now);
    const owed = this.#rates.debtMs(receiver, now);
    if (Math.max(paused, owed) > within) return null;
    this.#rates.take(receiver, now);
    const known = this.#of(receiver, now);
    known.values++;
    if (part === null) known.shares++;
    else known.parts[part]!++;
    return Math.max(paused, this.#rates.debtMs(receiver, now));
  }

  /** Milliseconds that it is to be left alone. */
  pausedMs(receiver: string, now: number): number {
    return Math.max(0, (this.#receivers.get(receiver)?.pausedUntil ?? 0) - now);
  }

  /** It said that it is asked too much. */
  pause(receiver: string, now: number): void {
    this.#of(receiver, now).pausedUntil = now + PAUSE_MS;
  }

  /** It did not take the value that was reserved last. */
  notTaken(receiver: string, now: number, part: number): void {
    const known = this.#of(receiver, now);
    if (known.parts[part] === 0) return;
    known.parts[part]!--;
    known.values--;
  }

  /** It said that it has no room for that value: it is given as many as it has, not more. */
  full(receiver: string, now: number): void {
    const known = this.#of(receiver, now);
    known.room = Math.max(1, known.values);
    known.roomSince = now;
  }

  /** Values that it takes. */
  room(receiver: string): number {
    return this.#receivers.get(receiver)?.room ?? MAX_VALUES_EACH;
  }

  hasRoom(receiver: string, now: number): boolean {
    const known = this.#receivers.get(receiver);
    return known === undefined || now - known.roomSince >= AGAIN_MS || known.values < known.room;
  }

  /** The contents in this part of the keyspace are given from the beginning. */
  begin(part: number): void {
    for (const known of this.#receivers.values()) {
      known.values -= known.parts[part]!;
      known.parts[part] = 0;
    }
  }

  #of(receiver: string, now: number): Receiver {
    const known = this.#receivers.get(receiver);
    if (known !== undefined) {
      if (now - known.sharesSince >= AGAIN_MS) {
        known.values -= known.shares;
        Object.assign(known, { shares: 0, sharesSince: now });
      }
      if (now - known.roomSince >= AGAIN_MS) Object.assign(known, { room: MAX_VALUES_EACH, roomSince: now });
      return known;
    }
    if (this.#receivers.size >= MAX_RECEIVERS) {
      this.#receivers.delete(this.#receivers.keys().next().value!);
    }
    const fresh = {
      ...{ pausedUntil: 0, parts: new Uint16Array(BUCKETS), shares: 0, sharesSince: now },
      ...{ values: 0, room: MAX_VALUES_EACH, roomSince: now },
    };
    this.#receivers.set(receiver, fresh);
    return fresh;
  }
}
