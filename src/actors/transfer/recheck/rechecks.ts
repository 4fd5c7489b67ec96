import { failure } from '../../../errors.ts';
import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import { sleep } from '../../../supervisor/contract/clock.ts';
import { eachBounded } from '../../each-bounded.ts';
import type { TransferContext } from '../context.ts';
import type { RecheckRequest } from '../contract.ts';
import { lookAtFiles } from './look-at-files.ts';
import { Recheck } from './recheck.ts';
import { repairFiles } from './repair-files.ts';

/** A part of the node that is being restarted, or behind: it goes on when that is over. */
const PASSING = new Set(['E_ACTOR_DOWN', 'E_TIMEOUT', 'E_BUSY']);
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** How one run ended; `left`: the node stops, and the next start goes on. */
export type RecheckEnd =
  | { readonly kind: 'done' | 'paused' | 'cancelled' | 'left' }
  | { readonly kind: 'failed'; readonly error: ActorError };

interface Run {
  readonly end: AbortController;
  readonly settled: Promise<void>;
}

/** The rechecks of this node: one of each share, and one of everything. */
export class Rechecks {
  readonly #context: TransferContext;
  readonly #isBusy: () => boolean;
  readonly #all = new Map<string, Recheck>();
  readonly #runs = new Map<Recheck, Run>();
  readonly #followers = new Map<Recheck, Set<(end: RecheckEnd) => void>>();
  readonly #opening = new Map<string, Promise<Recheck>>();
  #quiet = false;

  /** `isBusy`: whether downloads are under way. */
  constructor(context: TransferContext, isBusy: () => boolean) {
    this.#context = context;
    this.#isBusy = isBusy;
  }

  /** Takes up what the ledger knows; what was under way goes on. */
  async load(): Promise<void> {
    for (const stored of await this.#context.refs.store.ask('rechecks', null)) {
      const recheck = new Recheck(stored);
      this.#all.set(nameOf(stored.shareId), recheck);
      if (recheck.state === 'running') this.#begin(recheck);
    }
  }

  quiesce(): void {
    this.#quiet = true;
  }

  /** Every run is aborted by now. */
  async stop(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ settled }) => settled));
  }

  /** In no order that means anything. */
  list(): readonly Recheck[] {
    return [...this.#all.values()];
  }

  /**
   * The one of the same files that is not done, going on; else a new one. `ended` hears how its run ends, until `leave`.
   * `E_NOT_FOUND` for a share that is not known.
   */
  async join(
    request: RecheckRequest,
    ended: (end: RecheckEnd) => void,
  ): Promise<{ joined: Recheck; leave: () => void }> {
    if (this.#quiet) throw failure('E_BUSY', 'the node is stopping', { retryable: true });
    const name = nameOf(request.shareId);
    const opening = this.#opening.get(name) ?? this.#open(request, name);
    this.#opening.set(name, opening);
    const recheck = await opening.finally(() => this.#opening.delete(name));
    // A run that is just ending does not see what is asked of it now.
    while (recheck.state !== 'done' && this.#runs.get(recheck)?.end.signal.aborted) {
      await this.#runs.get(recheck)!.settled;
    }
    if (this.#all.get(name) !== recheck) return await this.join(request, ended);
    const followers = this.#followers.get(recheck) ?? new Set();
    this.#followers.set(recheck, followers.add(ended));
    const leave = () => {
      followers.delete(ended);
      if (followers.size === 0) this.#followers.delete(recheck);
    };
    recheck.repair ||= request.repair;
    recheck.forget ||= request.forget;
    if (!this.#runs.has(recheck)) {
      recheck.state = 'running';
      this.#begin(recheck);
    }
    return { joined: recheck, leave };
  }

  follows(recheck: Recheck): boolean {
    return this.#followers.has(recheck);
  }

  async pause(recheck: Recheck): Promise<void> {
    if (!this.#quiet) await this.#end(recheck, { kind: 'paused' });
  }

  /** Those that are not done: of a share, or all. Answers with them. */
  async cancel(shareId: string | null): Promise<readonly Recheck[]> {
    const chosen = this.list().filter(
      (recheck) => recheck.state !== 'done' && (shareId === null || recheck.shareId === shareId),
    );
    await eachBounded(chosen, 4, async (recheck) => {
      await this.#end(recheck, { kind: 'cancelled' });
      // It may have come to its end in that moment.
      if (recheck.state === 'done') return;
      recheck.state = 'paused';
      await this.#drop(recheck);
    });
    return chosen;
  }

  async #open(request: RecheckRequest, name: string): Promise<Recheck> {
    const { refs, clock, metrics } = this.#context;
    const known = this.#all.get(name);
    if (known !== undefined && known.state !== 'done') return known;
    const { shareId, repair, forget } = request;
    const totals = await refs.store.ask('heldTotals', { shareId });
    const recheck = new Recheck({
      ...{ shareId, state: 'running', repair, forget, started: Math.floor(clock.wall() / 1000), ended: null },
      ...{ seconds: 0, totals, done: { items: 0, chunks: 0, bytes: 0 }, passed: 0, looked: false },
      ...{ after: null, part: null, bad: 0, repaired: 0 },
    });
    await this.#note(recheck, true);
    this.#all.set(name, recheck);
    metrics.add('rechecks', 1);
    return recheck;
  }

  #begin(recheck: Recheck): void {
    const end = new AbortController();
    recheck.resumedBytes = recheck.done.bytes;
    const settled = this.#run(recheck, end.signal).finally(() => this.#runs.delete(recheck));
    this.#runs.set(recheck, { end, settled });
    // A bug in it is one of this actor.
    this.#context.spawn(() => settled);
  }

  async #run(recheck: Recheck, ended: AbortSignal): Promise<void> {
    const context = this.#context;
    const signal = AbortSignal.any([context.signal, ended]);
    const outcome = await this.#outcome(recheck, signal);
    if (outcome.kind === 'done') {
      recheck.state = 'done';
      recheck.ended = Math.floor(context.clock.wall() / 1000);
      const { done, bad, repaired, seconds } = recheck;
      context.log.info({ share: recheck.shareId, ...done, bad, repaired, seconds }, 'a recheck is done');
    } else if (outcome.kind !== 'left') recheck.state = 'paused';
    if (outcome.kind === 'failed') {
      context.log.warn({ error: outcome.error.message, code: outcome.error.code }, 'a recheck cannot go on');
      // The share is not known any more.
      if (outcome.error.code === 'E_NOT_FOUND') await this.#drop(recheck);
    }
    // In the ledger it is running: the next start goes on.
    if (outcome.kind !== 'left' && this.#all.get(nameOf(recheck.shareId)) === recheck) {
      await this.#note(recheck, false).catch(expected);
    }
    for (const hear of [...(this.#followers.get(recheck) ?? [])]) hear(outcome);
  }

  async #outcome(recheck: Recheck, signal: AbortSignal): Promise<RecheckEnd> {
    const run = { context: this.#context, recheck, isBusy: this.#isBusy, signal };
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#note(recheck, false);
        if (!recheck.looked) {
          await lookAtFiles(run);
          recheck.looked = true;
          await this.#note(recheck, false);
        }
        if (recheck.repair) await repairFiles(run);
        return { kind: 'done' };
      } catch (error) {
        if (this.#context.signal.aborted) return { kind: 'left' };
        if (signal.aborted) return signal.reason as RecheckEnd;
        if (!(error instanceof ActorError)) throw error;
        if (!PASSING.has(error.code)) return { kind: 'failed', error };
        const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
        await sleep(this.#context.clock, wait, signal).catch(() => {});
      }
    }
  }

  async #end(recheck: Recheck, end: RecheckEnd): Promise<void> {
    const run = this.#runs.get(recheck);
    run?.end.abort(end);
    await run?.settled;
  }

  async #drop(recheck: Recheck): Promise<void> {
    this.#all.delete(nameOf(recheck.shareId));
    await this.#context.refs.store.ask('dropRecheck', { shareId: recheck.shareId });
  }

  async #note(recheck: Recheck, anew: boolean): Promise<void> {
    await this.#context.refs.store.ask('noteRecheck', { recheck: recheck.stored(), wrong: [], anew });
  }
}

const nameOf = (shareId: string | null): string => shareId ?? '';

/** The store may be down for a moment: what it misses is found out again. */
function expected(error: unknown): void {
  if (!(error instanceof ActorError)) throw error;
}
