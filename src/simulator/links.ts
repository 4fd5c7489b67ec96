import type { Random } from '../supervisor/testing/random.ts';
import type { NodeIdentity } from './identity.ts';

/** What lies between nodes. */
export interface LinkOptions {
  /** One way between two places side by side, milliseconds, beside what both lines take; default 1. */
  readonly nearMs?: number;
  /** One way from one corner of the map to the other; default 120. */
  readonly farMs?: number;
  /** How much longer a message may take than the path does, as a share of it; default 0.2. */
  readonly jitter?: number;
  /** Share of messages that never arrive, each way; default 0. */
  readonly loss?: number;
}

const DIAGONAL = Math.SQRT2;

/** How long messages take, and which are lost. Delays of a pair are its own and the same both ways, but for the jitter. */
export class Links {
  readonly #random: Random;
  readonly #nearMs: number;
  readonly #farMs: number;
  readonly #jitter: number;
  /** May be changed while the network runs. */
  loss: number;

  constructor(random: Random, { nearMs = 1, farMs = 120, jitter = 0.2, loss = 0 }: LinkOptions) {
    this.#random = random;
    this.#nearMs = nearMs;
    this.#farMs = farMs;
    this.#jitter = jitter;
    this.loss = loss;
  }

  /** The path between two nodes without jitter, milliseconds one way. */
  pathMs(a: NodeIdentity, b: NodeIdentity): number {
    const apart = Math.hypot(a.place[0] - b.place[0], a.place[1] - b.place[1]) / DIAGONAL;
    return a.accessMs + b.accessMs + this.#nearMs + apart * (this.#farMs - this.#nearMs);
  }

  /** What this message takes, milliseconds. */
  delayMs(a: NodeIdentity, b: NodeIdentity): number {
    return this.pathMs(a, b) * (1 + this.#jitter * this.#random.next());
  }

  /** Whether this message never arrives. */
  loses(): boolean {
    return this.loss > 0 && this.#random.chance(this.loss);
  }
}
