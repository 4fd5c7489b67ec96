import { bytesEqual } from '../../../protocol/crypto/bytes.ts';
import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import { sleep } from '../../../supervisor/contract/clock.ts';
import type { OwnAddresses } from '../../own-addresses.ts';
import type { DhtContext } from '../context.ts';
import type { AnnounceStatus } from '../contract.ts';
import type { ReceiverBudgets } from '../receiver-budgets.ts';
import type { RoutingTable } from '../routing-table.ts';
import { BUCKETS, bucketOf, Cycle } from './cycle.ts';
import { type ItemBucket, ItemIndex, idAt } from './item-index.ts';
import { keepMarks, type Marks, recallMarks } from './marks.ts';
import type { RecordGiver } from './record-giver.ts';
import { scanItems, scopeOf } from './scan-items.ts';
import { SendRate } from './send-rate.ts';

/** Parts of the keyspace at the same time: one whose receivers have had enough holds up no other. */
const LANES = 4;
/** Contents that the store is asked about at once: what is not served any more is not told. */
const BATCH = 64;
/** From one question to the next whether something came to this disk: downloads tell nobody else. */
const LOOK_MS = 20_000;
const IDLE_MS = 5_000;
const ALONE_MS = 30_000;
/** What nobody took is told as something new, after a while. */
const AGAIN_MS = 2 * 60_000;
const KEEP_MS = 5 * 60_000;
/** Looking through all there is may cost this part of the time. */
const SCAN_PART = 1 / 50;

interface Parts {
  readonly table: RoutingTable;
  readonly giver: RecordGiver;
  readonly budgets: ReceiverBudgets;
  readonly addresses: OwnAddresses;
  /** When all own shares had been given, milliseconds since 1970. */
  sharesGivenAt(): number | null;
}

interface Job {
  readonly number: number;
  /** Null: only what is new in it. */
  readonly slot: number | null;
}

/** What was told of one part of the keyspace the last time. */
interface Pass {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly told: number;
  readonly left: number;
}

/**
 * Keeps what this node serves announced: each content once in a cycle, the keyspace part by part, new ones at once. In
 * the background, within the budgets of the receivers and of the node.
 */
export class Announcer {
  readonly #context: DhtContext;
  readonly #parts: Parts;
  readonly #ending = new AbortController();
  #wake = new AbortController();
  readonly #rate: SendRate;
  #cycle: Cycle;
  #index: ItemIndex | null = null;
  #marks: Marks | null = null;
  #keptAt = 0;
  /** The lease that the index was made at; null: it is to be made anew. */
  #epoch: number | null = null;
  #nextScan = 0;
  #scanFloor = 0;
  readonly #passes: (Pass | null)[] = Array.from({ length: BUCKETS }, () => null);
  readonly #fresh = new Set<number>();
  readonly #lanes = new Set<number>();

  constructor(context: DhtContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
    this.#rate = new SendRate(context.clock.now());
    this.#cycle = this.#newCycle(null);
  }

  /** Goes on where a former life was. Rejects when the store cannot say. */
  async recall(): Promise<Marks | null> {
    this.#marks = await recallMarks(this.#context);
    this.#cycle = this.#newCycle(this.#marks);
    for (const [number, told] of (this.#marks?.given ?? []).entries()) {
      this.#passes[number] = { at: this.#cycle.dueAt(this.#lastSlotOf(number)), told, left: 0 };
    }
    return this.#marks;
  }

  run(): void {
    this.#context.spawn(() => this.#watch());
  }

  /** Something was published, or the settings changed. */
  look(): void {
    this.#epoch = null;
    const soon = this.#context.clock.now() + IDLE_MS;
    this.#nextScan = Math.max(this.#scanFloor, Math.min(this.#nextScan, soon));
    this.#awake();
  }

  configured(): void {
    const { slotMs } = this.#cycle;
    const cycle = this.#newCycle(null);
    if (cycle.slotMs !== slotMs) this.#cycle = cycle;
    this.#parts.giver.forget();
    this.look();
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#quietly(() => this.#keep());
  }

  get status(): AnnounceStatus {
    const { clock } = this.#context;
    const { giver } = this.#parts;
    const state = this.#state;
    const index = this.#index ?? ItemIndex.empty;
    const wall = clock.wall();
    const behind = this.#cycle.behind(wall);
    const slots = Array.from(
      { length: behind },
      (_, n) => Math.floor(this.#cycle.nextAt / this.#cycle.slotMs) + n,
    );
    const sizes = slots.map((slot) => index.buckets[bucketOf(slot)]!.size);
    const due = sizes.reduce((sum, size) => sum + size, 0) + index.fresh;
    // The newest of them has just become due.
    const backlog = behind > 1 ? due - sizes.at(-1)! : 0;
    const alive = this.#passes.filter((pass) => pass && this.#isAlive(pass, wall)) as Pass[];
    return {
      state,
      items: index.size + index.left,
      announced: alive.reduce((sum, { told }) => sum + told, 0),
      due,
      backlog,
      unreached: index.left + this.#passes.reduce((sum, pass) => sum + (pass?.left ?? 0), 0),
      next: state === 'on' ? Math.floor(this.#cycle.nextAt / 1000) : null,
      perSecond: this.#rate.perSecond(giver.stores, clock.now()),
      stores: giver.stores,
      lookups: giver.lookups,
    };
  }

  get #state(): AnnounceStatus['state'] {
    const { table, addresses } = this.#parts;
    if (scopeOf(this.#context.config) === null) return 'off';
    if (addresses.advertised.length === 0) return 'unreachable';
    if (table.size === 0) return 'alone';
    return this.#index === null ? 'starting' : 'on';
  }

  #isAlive({ at }: Pass, wall: number): boolean {
    return wall - at < this.#lifeMs;
  }

  get #lifeMs(): number {
    return this.#context.config.announceLifeSeconds * 1000;
  }

  #newCycle(marks: Marks | null): Cycle {
    return new Cycle(this.#lifeMs, marks?.cycle ?? null, this.#context.clock.wall());
  }

  /** The last slot of a part that is done. */
  #lastSlotOf(number: number): number {
    const { done } = this.#cycle.mark;
    for (let slot = done - 1; slot > done - 1 - BUCKETS; slot--) if (bucketOf(slot) === number) return slot;
    return done - BUCKETS;
  }

  /** Follows what the store serves, and keeps how far this is. */
  async #watch(): Promise<void> {
    const { clock } = this.#context;
    while (!this.#ending.signal.aborted) {
      await this.#quietly(() => this.#scanIfNeeded());
      if (clock.now() - this.#keptAt >= KEEP_MS) await this.#quietly(() => this.#keep());
      this.#pump();
      await this.#pause(this.#restMs());
    }
  }

  async #scanIfNeeded(): Promise<void> {
    const { clock, refs, config, metrics } = this.#context;
    const scope = scopeOf(config);
    const state = this.#state;
    if (scope === null) {
      this.#index = null;
      this.#epoch = null;
      this.#fresh.clear();
      return;
    }
    this.#rate.note(this.#parts.giver.stores, clock.now());
    metrics.set('announce_backlog', this.status.backlog);
    if (state === 'alone' || state === 'unreachable' || clock.now() < this.#nextScan) return;
    const epoch = await refs.store.ask('leaseEpoch', null);
    this.#nextScan = clock.now() + LOOK_MS;
    if (epoch === this.#epoch) return;
    const from = clock.now();
    // Whatever comes while it is made is looked for the next time.
    this.#epoch = epoch;
    const index = await scanItems(this.#context, scope, this.#index, this.#marks?.epoch ?? null).catch(
      (error: unknown) => {
        this.#epoch = null;
        throw error;
      },
    );
    this.#index = index;
    this.#fresh.clear();
    for (const [number, { fresh }] of index.buckets.entries()) if (fresh.includes(1)) this.#fresh.add(number);
    this.#scanFloor = clock.now() + (clock.now() - from) / SCAN_PART;
    this.#nextScan = Math.max(this.#scanFloor, clock.now() + LOOK_MS);
    metrics.set('announce_items', index.size);
    this.#awake();
  }

  async #keep(): Promise<void> {
    const { clock } = this.#context;
    if (this.#index === null) return;
    this.#keptAt = clock.now();
    const marks: Marks = {
      cycle: this.#cycle.mark,
      // What is new and not told is new in the next life as well.
      epoch: this.#index.fresh === 0 ? (this.#epoch ?? this.#marks?.epoch ?? 0) : (this.#marks?.epoch ?? 0),
      given: this.#passes.map((pass) => pass?.told ?? 0),
      shares: this.#parts.sharesGivenAt() ?? this.#marks?.shares ?? null,
    };
    if (JSON.stringify(marks) === JSON.stringify(this.#marks)) return;
    await keepMarks(this.#context, marks);
    this.#marks = marks;
  }

  /** Begins whatever is due, as far as lanes are free. */
  #pump(): void {
    for (let lane = 0; lane < LANES; lane++) {
      if (this.#lanes.has(lane)) continue;
      const job = this.#take(lane);
      if (job === null) continue;
      this.#lanes.add(lane);
      this.#context.spawn(() => this.#lane(lane, job));
    }
  }

  async #lane(lane: number, first: Job): Promise<void> {
    for (let job: Job | null = first; job !== null; job = this.#take(lane)) {
      const now = job;
      // The part is begun anew when the store or the transport are back.
      while (!(await this.#quietly(() => this.#do(now))) && !this.#ending.signal.aborted) {
        await this.#pause(ALONE_MS);
      }
    }
    this.#lanes.delete(lane);
  }

  /** The first lane sees to what is new before all else, the others keep what is known. */
  #take(lane: number): Job | null {
    if (this.#state !== 'on' || this.#ending.signal.aborted) return null;
    if (this.#index?.size === 0) this.#cycle.skip(this.#context.clock.wall());
    const fresh = (): Job | null => {
      const [number] = this.#fresh;
      if (number === undefined) return null;
      this.#fresh.delete(number);
      return { number, slot: null };
    };
    const due = (): Job | null => {
      const slot = this.#cycle.begin(this.#context.clock.wall());
      return slot === null ? null : { number: bucketOf(slot), slot };
    };
    return lane === 0 ? (fresh() ?? due()) : (due() ?? fresh());
  }

  async #do({ number, slot }: Job): Promise<void> {
    const bucket = (this.#index ?? ItemIndex.empty).buckets[number]!;
    if (slot !== null) this.#parts.budgets.begin(number);
    const from = this.#context.clock.wall();
    const counts = { told: 0, left: 0 };
    let failed = false;
    for (let first = 0; first < bucket.size; first += BATCH) {
      const wanted = indicesIn(bucket, first, slot === null);
      for (const index of await this.#served(bucket, wanted)) {
        const result = await this.#tell(idAt(bucket, index));
        if (result === null) {
          // Turned off: when it is turned on again, the hand goes on where it is.
          if (slot !== null && !this.#ending.signal.aborted) this.#cycle.finish(slot);
          return;
        }
        failed ||= result === 'failed';
        bucket.fresh[index] = result === 'failed' ? 1 : 0;
        if (result === 'told') counts.told++;
        if (result === 'left') counts.left++;
      }
    }
    if (failed) this.#context.clock.after(AGAIN_MS, () => this.#later(number));
    const before = this.#passes[number];
    if (slot !== null) {
      this.#passes[number] = { at: from, ...counts };
      this.#cycle.finish(slot);
    } else {
      this.#passes[number] = {
        at: before?.at ?? from,
        told: Math.min(bucket.size, (before?.told ?? 0) + counts.told),
        left: Math.min(bucket.size, (before?.left ?? 0) + counts.left),
      };
    }
  }

  /** Waits while there is nobody to tell. Null: this node ends, or may not say it any more. */
  async #tell(contentId: Uint8Array) {
    const { giver } = this.#parts;
    for (;;) {
      if (this.#ending.signal.aborted) return null;
      const state = this.#state;
      if (state === 'off') return null;
      if (state === 'on') {
        const told = await giver.tell(contentId, this.#index?.size ?? 1, this.#cycle.periodMs, this.#signal);
        if (told !== 'alone') return told;
      }
      await this.#pause(ALONE_MS);
    }
  }

  /** Those that are served and may be told of at this moment. */
  async #served(bucket: ItemBucket, indices: readonly number[]): Promise<readonly number[]> {
    const scope = scopeOf(this.#context.config);
    if (indices.length === 0 || scope === null) return [];
    const ids = Buffer.concat(indices.map((index) => idAt(bucket, index)));
    const kept = await this.#context.refs.store.ask('stillAnnounced', { scope, ids: new Uint8Array(ids) });
    let at = 0;
    return indices.filter((index) => {
      const is = bytesEqual(kept.subarray(at, at + 32), idAt(bucket, index));
      if (is) at += 32;
      return is;
    });
  }

  /** Until there may be something to do. Never at once: whatever was to be done by now was just looked at. */
  #restMs(): number {
    const { clock } = this.#context;
    const state = this.#state;
    if (state === 'alone' || state === 'starting') return IDLE_MS;
    if (state !== 'on') return LOOK_MS;
    const next = Math.min(this.#nextScan - clock.now(), this.#cycle.nextAt - clock.wall());
    return Math.max(IDLE_MS / 5, Math.min(LOOK_MS, next));
  }

  #later(number: number): void {
    this.#fresh.add(number);
    this.#awake();
  }

  /** Whoever waits looks again. */
  #awake(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  get #signal(): AbortSignal {
    return AbortSignal.any([this.#context.signal, this.#ending.signal]);
  }

  async #pause(ms: number): Promise<void> {
    const { clock, signal } = this.#context;
    try {
      await sleep(clock, ms, AbortSignal.any([this.#signal, this.#wake.signal]));
    } catch (error) {
      if (signal.aborted) throw error;
    }
  }

  /** False: an actor that this needs is being restarted, or this one ends. */
  async #quietly(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      if (this.#context.signal.aborted) throw error;
      if (!(error instanceof ActorError) && !this.#ending.signal.aborted) throw error;
      return false;
    }
  }
}

function indicesIn({ size, fresh }: ItemBucket, from: number, onlyFresh: boolean): number[] {
  const to = Math.min(size, from + BATCH);
  const all = Array.from({ length: to - from }, (_, index) => from + index);
  return onlyFresh ? all.filter((index) => fresh[index] === 1) : all;
}
