import { Coalesced } from './coalesced.ts';
import type { SyncedShare } from './share-sync.ts';

/** What this life of the actor remembers of one share. */
export interface ShareMemory {
  readonly syncing: Coalesced<SyncedShare>;
  /** Monotonic milliseconds of the last sync that any peer answered; what waited longest goes first. */
  answeredAt: number;
  /** When rotations and revocations were last asked for. */
  identityAt: number;
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
        identityAt: Number.NEGATIVE_INFINITY,
      };
      this.#byShare.set(shareId, memory);
    }
    return memory;
  }

  keepOnly(shareIds: ReadonlySet<string>): void {
    for (const [shareId, { syncing }] of this.#byShare) {
      if (!shareIds.has(shareId) && syncing.idle) this.#byShare.delete(shareId);
    }
  }
}
