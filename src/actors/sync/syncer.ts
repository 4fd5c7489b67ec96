import { failure } from '../../errors.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import { eachBounded } from '../each-bounded.ts';
import { MAX_CANDIDATES } from '../peer-candidates.ts';
import type { Subscription } from '../share-types.ts';
import { Coalesced } from './coalesced.ts';
import type { SyncContext } from './context.ts';
import type { ShareHealth, ShareSync } from './contract.ts';
import { KeyMemory } from './key-memory.ts';
import { PassPeers } from './pass-peers.ts';
import { planPass } from './pass-plan.ts';
import { type NewsHint, PublicLists } from './public-lists.ts';
import { RequestBudget } from './request-budget.ts';
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
/** Both take longer with many shares: so long for each of them, by what they cost. */
const IDENTITY_PER_SHARE_MS = 150_000;
const DHT_PER_SHARE_MS = 60_000;
/** Of what a pass may send, for lists of the public shares of publishers. */
const LISTS_SHARE = 1 / 2;

/** A share that may be looked for a moment after a pass began is part of that pass. */
const LENIENCE_MS = 1_000;
const FORK =
  'two different manifests signed under one sequence number: the share key is in use in two places';

/** How a share is looked for. */
interface Way {
  readonly peers: PassPeers;
  /** Peers that are asked. */
  readonly limit: number;
  /** Nobody waits for it. */
  readonly byItself: boolean;
  /** A peer says that there is news. */
  readonly hint?: NewsHint;
}

interface PlannedShare {
  readonly shareId: string;
  readonly way: Way;
}

/** Somebody waits: all who may know it are asked. */
const asked = (peers: PassPeers): Way => ({ peers, limit: Number.POSITIVE_INFINITY, byItself: false });

/** Syncs shares, one or all; the same share never twice at once, and passes never over each other. */
export class Syncer {
  readonly #context: SyncContext;
  readonly #keys: KeyMemory;
  readonly #memories = new ShareMemories();
  readonly #lists: PublicLists;
  readonly #passes = new Coalesced<readonly ShareSync[]>();
  readonly #budget: RequestBudget;
  #requestsPerSecond: number;
  #hurry = new AbortController();
  /** As of the last pass by itself. */
  #intervalMs = 0;
  /** As of the last pass. */
  #subscriptions = 0;
  readonly #began: number;

  constructor(context: SyncContext) {
    this.#context = context;
    const { intervalSeconds, requestsPerSecond } = context.config;
    this.#keys = new KeyMemory(context);
    this.#began = context.clock.now();
    this.#lists = new PublicLists(context);
    this.#requestsPerSecond = requestsPerSecond;
    this.#budget = new RequestBudget(context.clock, requestsPerSecond, intervalSeconds * 1000);
  }

  /** What passes that nobody waits for may send. */
  set requestsPerSecond(perSecond: number) {
    this.#requestsPerSecond = perSecond;
    this.#budget.configure(perSecond, this.#intervalMs);
  }

  /** `E_NOT_FOUND` when the share is not subscribed. */
  one(shareId: string, way: Way = asked(new PassPeers(this.#context))): Promise<SyncedShare> {
    return this.#memories.of(shareId).syncing.run(() => this.#one(shareId, way));
  }

  /** Every subscription once, as fast as it goes, and so is the pass that is under way. */
  all(): Promise<readonly ShareSync[]> {
    this.hurry();
    return this.#passes.run(() => this.#all(null));
  }

  /**
   * A pass nobody waits for: the beginnings are spaced evenly over half of the interval, so that it is no burst, shares
   * that failed in a row wait their time, and it looks for as many as there are requests for.
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
    this.#subscriptions = all.length;
    this.#hurry = new AbortController();
    const planned = intervalMs === null ? this.#everyOne(all) : await this.#plan(all, intervalMs);
    const spreadMs = (intervalMs ?? 0) * SPREAD;
    const results: ShareSync[] = [];
    const began = clock.now();
    await eachBounded(planned, SHARES_AT_ONCE, async ({ shareId, way }, index) => {
      await this.#pause(began + (index * spreadMs) / planned.length - clock.now());
      // What shares before it had to ask beyond their part is missing now: its turn is in a later pass.
      if (intervalMs !== null && !this.#hurry.signal.aborted && this.#budget.left < 1) return;
      try {
        results.push(publicPart(await this.one(shareId, way)));
      } catch (error) {
        // Unsubscribed meanwhile, or the store is being restarted: the other shares go on.
        if (!(error instanceof ActorError) || signal.aborted) throw error;
        if (error.code !== 'E_NOT_FOUND') results.push(failed(shareId, error));
      }
    });
    metrics.add('passes', 1);
    return results;
  }

  #everyOne(all: readonly Subscription[]): readonly PlannedShare[] {
    const way = asked(new PassPeers(this.#context));
    const waited = ({ shareId }: Subscription) => this.#memories.of(shareId).answeredAt;
    // A peer that rations its answers leaves some shares out: those are the first of the next pass.
    return all.toSorted((a, b) => order(waited(a), waited(b))).map(({ shareId }) => ({ shareId, way }));
  }

  async #plan(all: readonly Subscription[], intervalMs: number): Promise<readonly PlannedShare[]> {
    const { clock } = this.#context;
    this.#intervalMs = intervalMs;
    this.#budget.configure(this.#requestsPerSecond, intervalMs);
    const peers = new PassPeers(this.#context, (requests) => this.#budget.take(requests));
    const shared = (await peers.known()).length + (await peers.connected()).length;
    const now = clock.now();
    const candidates = all.flatMap((each) => {
      const { lookedAt, changedAt, notBefore } = this.#memories.of(each.shareId);
      if (notBefore > now) return [];
      const count = Math.min(MAX_CANDIDATES, each.peers.length + (each.source === null ? 0 : 1) + shared);
      return [{ shareId: each.shareId, peers: count, lookedAt, changedAt }];
    });
    const usual = (requests: number) =>
      planPass(candidates, requests, intervalMs, now).map(({ shareId, peers: limit }) => ({
        shareId,
        way: { peers, limit, byItself: true },
      }));
    const planned = usual(this.#budget.left);
    if (planned.length === candidates.length) return planned;
    // Not all can be asked about: who publishes several of them says in one answer which of those changed.
    const due = new Set(candidates.map(({ shareId }) => shareId));
    const hints = await this.#lists.news(
      all.filter(({ shareId }) => due.has(shareId)),
      peers,
      Math.floor(this.#budget.left * LISTS_SHARE),
      intervalMs,
    );
    const told = [...hints.values()].map((hint) => ({
      shareId: hint.shareId,
      way: { peers, limit: 1, byItself: true, hint },
    }));
    return [...told, ...usual(this.#budget.left - told.length).filter(({ shareId }) => !hints.has(shareId))];
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

  async #one(shareId: string, { peers, limit, byItself, hint }: Way): Promise<SyncedShare> {
    const { clock, refs } = this.#context;
    await this.#keys.recall();
    const subscription = await refs.store.ask('subscription', { shareId });
    if (subscription === null) throw failure('E_NOT_FOUND', 'no such subscription', { subject: shareId });
    const memory = this.#memories.of(shareId);
    const now = clock.now();
    const identityDue = this.#isDue(shareId, memory.identityAt, IDENTITY_INTERVAL_MS, IDENTITY_PER_SHARE_MS);
    // Who says that there is news is the one to ask.
    const { best, turn } = hint === undefined ? { turn: memory.turn } : { best: hint.address, turn: 0 };
    const options = {
      ...{ keys: this.#keys, peers, limit, best, turn, identityDue },
      dhtDue: {
        found: byItself && this.#isDue(shareId, memory.dhtAt, DHT_INTERVAL_MS, DHT_PER_SHARE_MS),
        notFound: !byItself || now - memory.dhtAt >= DHT_RETRY_MS,
      },
    };
    memory.lookedAt = now;
    memory.turn++;
    const result = await this.#withVolumes(
      await syncShare(this.#context, subscription, options),
      subscription,
      options,
    );
    if (hint !== undefined) this.#lists.checked(hint, result.subscription.seq);
    if (result.seq_after !== result.seq_before && result.seq_before !== null) memory.changedAt = clock.now();
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
    { share_id: share, answered, askedAll, source, error, disagreement }: SyncedShare,
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
      // Those who contradict may be among those who were not asked this time.
      if (askedAll) memory.disagreement = null;
    } else if (before?.kind !== disagreement.kind || before.seq !== disagreement.seq) {
      memory.disagreement = { ...disagreement, since: Math.floor(clock.wall() / 1000) };
      if (disagreement.kind === 'fork') log.warn({ share, ...disagreement }, FORK);
      else log.info({ share, ...disagreement }, 'a peer offers an older revision than is held');
    } else {
      memory.disagreement = { ...before, peers: disagreement.peers };
    }
  }

  /**
   * What is asked about every share now and then: many shares, longer pauses, and the first time of each somewhere in the
   * first of them.
   */
  #isDue(shareId: string, at: number, intervalMs: number, perShareMs: number): boolean {
    const now = this.#context.clock.now();
    const pauseMs = Math.max(intervalMs, this.#subscriptions * perShareMs);
    if (at !== Number.NEGATIVE_INFINITY) return now - at >= pauseMs;
    return pauseMs === intervalMs || now - this.#began >= pauseMs * fractionOf(shareId);
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

/** From 0 up to 1, the same for the same id. */
const fractionOf = (shareId: string): number => Number.parseInt(shareId.slice(0, 8), 16) / 2 ** 32;

/** Infinities are equal here, which their difference does not say. */
const order = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

export function publicPart({
  subscription: _,
  answered: __,
  disagreement: ___,
  sought: ____,
  askedAll: _____,
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
