import { failure } from '../../errors.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { eachBounded } from '../each-bounded.ts';
import type { Subscription } from '../store/contract.ts';
import { Coalesced } from './coalesced.ts';
import type { SyncContext } from './context.ts';
import type { ShareHealth, ShareSync } from './contract.ts';
import { KeyMemory } from './key-memory.ts';
import { PassPeers } from './pass-peers.ts';
import { retryPauseMs } from './retry-pause.ts';
import { ShareMemories, type ShareMemory } from './share-memory.ts';
import { type ShareSyncOptions, type SyncedShare, syncShare } from './share-sync.ts';
import { refreshVolumes, syncVolumes } from './volume-sync.ts';

/** Shares in work at once: one request each to one peer stays below the 16 a peer's session carries. */
const SHARES_AT_ONCE = 8;
/** Of an interval: half for the beginnings of a pass, half for the ends. */
const SPREAD = 1 / 2;
/** A revocation is rare and has no hurry beyond this; news always asks first. */
const IDENTITY_INTERVAL_MS = 3_600_000;
/** The DHT may know newer revisions than the peers of a share; where they know none it is asked sooner. */
const DHT_INTERVAL_MS = 1_800_000;
const DHT_RETRY_MS = 30_000;

/** A share that may be looked for a moment after a pass began is part of that pass. */
const LENIENCE_MS = 1_000;
const FORK =
  'two different manifests signed under one sequence number: the share key is in use in two places';

/** Syncs shares, one or all; the same share never twice at once, and passes never over each other. */
export class Syncer {
  readonly #context: SyncContext;
  readonly #keys: KeyMemory;
  readonly #memories = new ShareMemories();
  readonly #passes = new Coalesced<readonly ShareSync[]>();
  /** Asked beside the peers of a share's link. */
  bootstrap: readonly string[];
  #hurry = new AbortController();
  /** As of the last pass by itself. */
  #intervalMs = 0;

  constructor(context: SyncContext) {
    this.#context = context;
    this.bootstrap = context.config.bootstrap;
    this.#keys = new KeyMemory(context);
  }

  /** `E_NOT_FOUND` when the share is not subscribed. */
  one(shareId: string, peers = new PassPeers(this.#context)): Promise<SyncedShare> {
    return this.#memories.of(shareId).syncing.run(() => this.#one(shareId, peers));
  }

  /** Every subscription once, as fast as it goes, and so is the pass that is under way. */
  all(): Promise<readonly ShareSync[]> {
    this.hurry();
    return this.#passes.run(() => this.#all(null));
  }

  /**
   * A pass nobody waits for: the beginnings are spaced evenly over half of the interval, so that it is no burst, and
   * shares that failed in a row wait their time.
   */
  allDue(intervalMs: number): Promise<readonly ShareSync[]> {
    return this.#passes.run(() => this.#all(intervalMs));
  }

  /** What is known of the subscriptions looked at in this life. */
  health(): readonly ShareHealth[] {
    const { clock } = this.#context;
    return [...this.#memories.entries()].map(([shareId, { disagreement, failures, notBefore }]) => {
      const waits = notBefore - clock.now();
      const nextTry = waits > 0 ? Math.ceil((clock.wall() + waits) / 1000) : null;
      return { shareId, disagreement, failures, nextTry };
    });
  }

  /** A pass that is taking its time hurries from here on. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** Null: every subscription at once. */
  async #all(intervalMs: number | null): Promise<readonly ShareSync[]> {
    const { clock, signal, metrics, refs } = this.#context;
    const all = await refs.store.ask('subscriptions', null);
    this.#memories.keepOnly(new Set(all.map(({ shareId }) => shareId)));
    this.#intervalMs = intervalMs ?? this.#intervalMs;
    const isDue = ({ shareId }: Subscription) => this.#memories.of(shareId).notBefore <= clock.now();
    const subscriptions = intervalMs === null ? [...all] : all.filter(isDue);
    const spreadMs = (intervalMs ?? 0) * SPREAD;
    const waited = ({ shareId }: Subscription) => this.#memories.of(shareId).answeredAt;
    // A peer that rations its answers leaves some shares out: those are the first of the next pass.
    subscriptions.sort((a, b) => order(waited(a), waited(b)));
    const peers = new PassPeers(this.#context);
    const results: ShareSync[] = [];
    const began = clock.now();
    this.#hurry = new AbortController();
    await eachBounded(subscriptions, SHARES_AT_ONCE, async ({ shareId }, index) => {
      await this.#pause(began + (index * spreadMs) / subscriptions.length - clock.now());
      try {
        results.push(publicPart(await this.one(shareId, peers)));
      } catch (error) {
        // Unsubscribed meanwhile, or the store is being restarted: the other shares go on.
        if (!(error instanceof ActorError) || signal.aborted) throw error;
        if (error.code !== 'E_NOT_FOUND') results.push(failed(shareId, error));
      }
    });
    metrics.add('passes', 1);
    return results;
  }

  async #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#context;
    const hurry = this.#hurry.signal;
    if (ms <= 0 || hurry.aborted) return;
    try {
      await sleep(clock, ms, AbortSignal.any([signal, hurry]));
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }

  async #one(shareId: string, peers: PassPeers): Promise<SyncedShare> {
    const { clock, refs } = this.#context;
    await this.#keys.recall();
    const subscription = await refs.store.ask('subscription', { shareId });
    if (subscription === null) throw failure('E_NOT_FOUND', 'no such subscription', { subject: shareId });
    const memory = this.#memories.of(shareId);
    const identityDue = clock.now() - memory.identityAt >= IDENTITY_INTERVAL_MS;
    const waited = clock.now() - memory.dhtAt;
    const dhtDue = { found: waited >= DHT_INTERVAL_MS, notFound: waited >= DHT_RETRY_MS };
    const options = { keys: this.#keys, bootstrap: this.bootstrap, peers, identityDue, dhtDue };
    const result = await this.#withVolumes(
      await syncShare(this.#context, subscription, options),
      subscription,
      options,
    );
    if (result.sought) memory.dhtAt = clock.now();
    if (result.answered) {
      memory.answeredAt = clock.now();
      if (identityDue) memory.identityAt = clock.now();
    }
    this.#remember(memory, result);
    await this.#note(result);
    return result;
  }

  #remember(
    memory: ShareMemory,
    { share_id: share, answered, source, error, disagreement }: SyncedShare,
  ): void {
    const { clock, log } = this.#context;
    // What volumes are still to come, or what came all the same, is no failure.
    const failed = error !== null && error.code !== 'E_BUSY' && source === null;
    memory.failures = failed ? memory.failures + 1 : 0;
    memory.notBefore = failed
      ? clock.now() + retryPauseMs(memory.failures, this.#intervalMs) - LENIENCE_MS
      : Number.NEGATIVE_INFINITY;
    if (!answered) return;
    const before = memory.disagreement;
    if (disagreement === null) {
      memory.disagreement = null;
    } else if (before?.kind !== disagreement.kind || before.seq !== disagreement.seq) {
      memory.disagreement = { ...disagreement, since: Math.floor(clock.wall() / 1000) };
      if (disagreement.kind === 'fork') log.warn({ share, ...disagreement }, FORK);
      else log.info({ share, ...disagreement }, 'a peer offers an older revision than is held');
    } else {
      memory.disagreement = { ...before, peers: disagreement.peers };
    }
  }

  /** Shown as one: the share with all that its volumes brought. */
  async #withVolumes(
    synced: SyncedShare,
    before: Subscription,
    options: ShareSyncOptions,
  ): Promise<SyncedShare> {
    const { refs } = this.#context;
    const { volumes } = synced.subscription;
    await refreshVolumes(
      this.#context,
      before.volumes.filter((shareId) => !volumes.includes(shareId)),
    );
    if (volumes.length === 0) return synced;
    const { source, error } = await syncVolumes(this.#context, synced.subscription, options);
    const subscription =
      (await refs.store.ask('subscription', { shareId: before.shareId })) ?? synced.subscription;
    return {
      ...synced,
      subscription,
      items: subscription.items,
      source: synced.source ?? source,
      error: synced.error ?? error,
    };
  }

  async #note({ share_id: shareId, error }: SyncedShare): Promise<void> {
    try {
      await this.#context.refs.store.ask('noteSync', { shareId, error });
    } catch (thrown) {
      // Only the note is lost: the share was unsubscribed, or the store is down and the next pass writes it.
      if (!(thrown instanceof ActorError) || this.#context.signal.aborted) throw thrown;
      this.#context.log.debug({ share: shareId, code: thrown.code }, 'sync was not noted');
    }
  }
}

/** Infinities are equal here, which their difference does not say. */
const order = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

export function publicPart({
  subscription: _,
  answered: __,
  disagreement: ___,
  sought: ____,
  ...result
}: SyncedShare): ShareSync {
  return result;
}

const failed = (shareId: string, { code, message }: ActorError): ShareSync => ({
  share_id: shareId,
  seq_before: null,
  seq_after: null,
  items: 0,
  source: null,
  error: { code, message },
});
