import { ask, configOf, defineContract } from '../../supervisor/contract/contract.ts';
import type { Subscription, Trust } from '../share-types.ts';
import type { SyncConfig } from './config.ts';

export interface SyncFailure {
  readonly code: string;
  readonly message: string;
}

/** Field names are those of the command's result. */
export interface ShareSync {
  readonly share_id: string;
  readonly seq_before: number | null;
  readonly seq_after: number | null;
  readonly items: number;
  /** The address the news came from; null without news. */
  readonly source: string | null;
  readonly error: SyncFailure | null;
}

/** Signed heads of one share that contradict each other, or the revision that is held. */
export interface Disagreement {
  /**
   * `fork`: two manifests under one number, so the share's key signs in two places. `behind`: a peer offers an older
   * revision than is held; nothing of it is taken.
   */
  readonly kind: 'fork' | 'behind';
  readonly seq: number;
  /** Who has those heads, 16 at most. */
  readonly peers: readonly string[];
  /** Unix seconds. */
  readonly since: number;
}

/** What this life of the actor knows of a subscription beside what the store keeps. */
export interface ShareHealth {
  readonly shareId: string;
  readonly disagreement: Disagreement | null;
  /** Syncs in a row that failed. */
  readonly failures: number;
  /** Until then no pass looks for it by itself; unix seconds, null: the next pass does. */
  readonly nextTry: number | null;
}

export const syncContract = defineContract({
  name: 'sync',
  // It makes little garbage: what V8 sets aside for more (DECISIONS, D73) would be most of its memory.
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  uses: ['store', 'transport', 'search', 'dht', 'pex'],
  config: configOf<SyncConfig>(),
  metrics: ['passes', 'requests', 'manifests_taken', 'records_refused'],
  messages: {
    /** Keeps the subscription, then tries one sync; `error` says why the share is still empty. */
    subscribe: ask<
      { link: string; trust: Trust; weight: number },
      { subscription: Subscription; error: SyncFailure | null }
    >({ deadlineMs: 60_000 }),
    unsubscribe: ask<{ shareId: string }, { removed: boolean }>(),
    /** One pass over all subscriptions, or over one. A share that fails never stops the others. */
    sync: ask<{ shareId: string | null }, readonly ShareSync[]>({ deadlineMs: 120_000 }),
    /** Of the subscriptions that were looked at in this life. */
    health: ask<null, readonly ShareHealth[]>(),
    /** The highest revision of a share that peers have a head of, whoever publishes it; null: nobody knows it. */
    newestSeq: ask<{ shareKey: string }, { seq: number | null }>({ deadlineMs: 20_000 }),
    /** Works with this configuration from here on; a pass under way ends without its pauses. */
    configure: ask<SyncConfig, null>(),
  },
});
