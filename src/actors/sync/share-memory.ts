import { Coalesced } from './coalesced.ts';
import type { Disagreement } from './contract.ts';
import type { SyncedShare } from './share-sync.ts';

/** What this life of the actor remembers of one share. */
export interface ShareMemory {
  readonly syncing: Coalesced<SyncedShare>;
  /** Monotonic milliseconds of the last sync that any peer answered; what waited longest goes first. */
  answeredAt: number;
  /** When it was last looked for, whoever answered. */
  lookedAt: number;
  /** When a new revision of it last came. */
  changedAt: number;
  /** Times it was looked for. */
  turn: number;
  /** When rotations and revocations were last asked for. */
  identityAt: number;
  /** When the DHT was last asked who has it. */
  dhtAt: number;
  /** What the heads of the last sync contradict. */
  disagreement: Disagreement | null;
  /** Syncs in a row that failed. */
  failures: number;
  /** Monotonic milliseconds; until then no pass looks for it by itself. */
  notBefore: number;
}

/** Bounded by the subscriptions: what is no longer subscribed is forgotten with the next pass. */
export class ShareMemories {
  readonly #byShare = new Map<string, ShareMemory>();

  of(shareId: string): ShareMemory {
    let memory = this.#byShare.get(shareId);
    if (memory === undefined) {
      memory = {
        syncing: new Coalesced(),
        answeredAt: Number.NEGATIVE_INFINITY,
        lookedAt: Number.NEGATIVE_INFINITY,
        changedAt: Number.NEGATIVE_INFINITY,
        turn: 0,
        identityAt: Number.NEGATIVE_INFINITY,
        dhtAt: Number.NEGATIVE_INFINITY,
        disagreement: null,
        failures: 0,
        notBefore: Number.NEGATIVE_INFINITY,
      };
      this.#byShare.set(shareId, memory);
    }
    return memory;
  }

  entries(): Iterable<[string, ShareMemory]> {
    return this.#byShare;
  }

  keepOnly(shareIds: ReadonlySet<string>): void {
    for (const [shareId, { syncing }] of this.#byShare) {
      if (!shareIds.has(shareId) && syncing.idle) this.#byShare.delete(shareId);
    }
  }
}
