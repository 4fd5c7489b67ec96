import { CHUNK_SIZE } from '../../protocol/objects/chunks.ts';

/** Chunks under way before anything is known of the path; what the reference allows a peer. */
const START = 16;
/** A slow peer still needs one on its way, one being answered, and two that wait behind it. */
const FEWEST = 4;
/** How much more than the path holds is asked for: the queue that this leaves at the peer absorbs what is uneven. */
const GAIN = 2;
/** Rates are taken over whole round trips, and over no less than this: a few chunks in one turn of the loop are no rate. */
const SHORTEST_ROUND_MS = 20;
/**
 * A peer that is nearer is asked for as much as if it were so far: on a busy machine either end waits so long for its
 * processor, and whoever has little under way then gets less and asks for less. Eight downloaders on the two cores of their
 * seeder: the slowest took 1.1 to 1.9 times as long as the fastest with 0 and 20 ms, 1.1 to 1.3 with 60.
 */
const LEAST_TRIP_MS = 60;
/** The best of so many rounds counts: one in which this side was busy says nothing of the path. */
const ROUNDS = 8;

/**
 * How many chunks to have under way at one peer: twice what the path holds, which is the product of the highest rate at which
 * replies came lately and the shortest time that one took. From a start of 16 it doubles each round trip while more under
 * way brings more, and shrinks where the peer, or a cap, is slow.
 */
export class RequestWindow {
  readonly #most: number;
  #size: number;
  #tripMs = Number.POSITIVE_INFINITY;
  /** Only what was asked from here on tells the shortest trip. */
  #tripFrom = 0;
  #roundAt = 0;
  #roundBytes = 0;
  readonly #rates: number[] = [];

  /** `most`: never more than so many. */
  constructor(most: number) {
    this.#most = most;
    this.#size = Math.min(START, most);
  }

  get size(): number {
    return this.#size;
  }

  /** Nothing was under way until now: the time before is no part of any rate. */
  begins(now: number): void {
    this.#roundAt = now;
    this.#roundBytes = 0;
  }

  /** A chunk came that was asked for at `askedAt`. */
  replied(askedAt: number, now: number, bytes: number): void {
    if (askedAt >= this.#tripFrom) this.#tripMs = Math.min(this.#tripMs, Math.max(now - askedAt, 0.1));
    this.#roundBytes += bytes;
    const ms = now - this.#roundAt;
    // What was asked before the round began comes in a burst: alone it would look like a faster path.
    if (askedAt < this.#roundAt || ms < SHORTEST_ROUND_MS) return;
    this.#rates.push(this.#roundBytes / ms);
    if (this.#rates.length > ROUNDS) this.#rates.shift();
    this.begins(now);
    if (this.#tripMs === Number.POSITIVE_INFINITY) return;
    const held = (Math.max(...this.#rates) * Math.max(this.#tripMs, LEAST_TRIP_MS)) / CHUNK_SIZE;
    this.#size = Math.min(this.#most, Math.max(FEWEST, Math.ceil(GAIN * held)));
    // With so few under way none waits behind others: what a reply takes now is what the path takes now, also where it grew.
    if (this.#size > FEWEST) return;
    this.#tripMs = Number.POSITIVE_INFINITY;
    this.#tripFrom = now;
  }
}
