import { failure } from '../../errors.ts';
import { ActorError, toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { TransferOptions } from '../ledger-types.ts';
import type { TransferContext } from './context.ts';
import type { DownloadRequest, DownloadResult, TransferRow, TransferState } from './contract.ts';
import { discardTransfer } from './discard-transfer.ts';
import { FreeSpace } from './free-space.ts';
import { retryDelay } from './retry-delay.ts';
import { checkedFolder, runDownload } from './run-download.ts';
import { isFull, Transfer } from './transfer.ts';
import { transferId } from './transfer-id.ts';

/** Between looks whether a full disk has room again. */
const ROOM_AGAIN_MS = 10_000;
/** Transfers that are done and still listed. */
const KEPT_DONE = 1_000;

/** How one run of a transfer ended; `left`: the node stops, and the next start goes on. */
export type Outcome =
  | { readonly kind: 'done'; readonly result: DownloadResult }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'paused' | 'cancelled' | 'left' };

interface Run {
  readonly end: AbortController;
  readonly settled: Promise<void>;
}

interface Follower {
  ended(outcome: Outcome): void;
}

/** The transfers of this node: whose turn it is, and what becomes of them. */
export class TransferQueue {
  readonly #context: TransferContext;
  readonly #transfers = new Map<string, Transfer>();
  readonly #runs = new Map<Transfer, Run>();
  readonly #followers = new Map<Transfer, Set<Follower>>();
  /** What takes back the next attempt of one that failed. */
  readonly #retries = new Map<Transfer, () => void>();
  readonly #attempts = new Map<Transfer, number>();
  readonly #space: FreeSpace;
  #quiet = false;

  constructor(context: TransferContext) {
    this.#context = context;
    this.#space = new FreeSpace(context.config);
  }

  /** Takes up what the ledger knows; what was under way goes on. */
  async load(): Promise<void> {
    for (const stored of await this.#context.refs.store.ask('transfers', null)) {
      this.#transfers.set(stored.id, new Transfer(stored));
    }
    for (const transfer of this.#transfers.values()) {
      if (transfer.state === 'failed' && isPassing(transfer)) this.#retryLater(transfer);
      // Whether there is room now is seen when its turn comes.
      if (isFull(transfer)) transfer.state = 'queued';
    }
    this.#next();
  }

  /** Nothing new begins; followers that leave leave their transfers to the next start. */
  quiesce(): void {
    this.#quiet = true;
    for (const disarm of this.#retries.values()) disarm();
    this.#retries.clear();
  }

  /** Every run is aborted by now: what is waited for is the writing down. */
  async stop(): Promise<void> {
    await Promise.all([...this.#runs.values()].map(({ settled }) => settled));
  }

  /** More may be under way than before. */
  wake(): void {
    this.#next();
  }

  /** Some are under way. */
  get isActive(): boolean {
    return this.#runs.size > 0;
  }

  rows(transfers: Iterable<Transfer> = this.#transfers.values()): TransferRow[] {
    const now = this.#context.clock.now();
    return [...transfers].sort(byTurn).map((transfer) => transfer.row(now));
  }

  /** The transfer of a request: a new one, or the one that is already there for it; its turn comes. */
  async add(request: DownloadRequest): Promise<Transfer> {
    if (this.#quiet) throw failure('E_BUSY', 'the node is stopping', { retryable: true });
    const directory = checkedFolder(directoryOf(request, this.#context.config.categories));
    const options = optionsOf(request);
    const known = this.#same(request.target, directory, options);
    if (known !== undefined && known.state !== 'done') {
      if (request.priority !== undefined) known.priority = request.priority;
      if (request.sequential !== undefined)
        known.options = { ...known.options, sequential: request.sequential };
      await this.#enqueue(known);
      return known;
    }
    if (known !== undefined) await this.#forget(known);
    const transfer = new Transfer({
      ...{ id: this.#idOf(request.target, directory, options), target: request.target, directory },
      options: request.sequential ? { ...options, sequential: true } : options,
      ...{ state: 'queued', priority: request.priority ?? 0, error: null, planned: false },
      ...{ added: Math.floor(this.#context.clock.wall() / 1000), shareIds: [], folders: [] },
      ...{ contentId: null, path: null, files: 0, filesTotal: 0, bytes: 0, bytesTotal: 0 },
    });
    this.#transfers.set(transfer.id, transfer);
    this.#context.metrics.add('downloads', 1);
    await this.#enqueue(transfer);
    return transfer;
  }

  /** Hears how the next run of it ends; call what is returned to leave. */
  follow(transfer: Transfer, ended: (outcome: Outcome) => void): () => void {
    const follower = { ended };
    const followers = this.#followers.get(transfer) ?? new Set();
    this.#followers.set(transfer, followers.add(follower));
    return () => {
      followers.delete(follower);
      if (followers.size === 0) this.#followers.delete(transfer);
    };
  }

  follows(transfer: Transfer): boolean {
    return this.#followers.has(transfer);
  }

  /** The transfers of these ids; all without. */
  chosen(ids: readonly string[] | null): Transfer[] {
    if (ids === null) return [...this.#transfers.values()];
    return ids.map((id) => {
      const matches = [...this.#transfers.values()].filter((transfer) => transfer.id.startsWith(id));
      if (matches.length === 1 && id !== '') return matches[0]!;
      const what = matches.length > 1 ? 'several transfers begin so' : 'no transfer of that id';
      throw failure(matches.length > 1 ? 'E_USAGE' : 'E_NOT_FOUND', what, {
        subject: id,
        next: 'granary queue lists them',
      });
    });
  }

  async pause(transfer: Transfer): Promise<void> {
    if (transfer.state === 'done' || this.#quiet) return;
    await this.#endRun(transfer, { kind: 'paused' });
    // It may have ended by itself in that moment.
    if ((transfer.state as TransferState) === 'done') return;
    transfer.state = 'paused';
    transfer.error = null;
    await this.#put(transfer);
  }

  async resume(transfer: Transfer, priority: number | undefined): Promise<void> {
    if (priority !== undefined) transfer.priority = priority;
    if (transfer.state === 'paused' || transfer.state === 'failed') await this.#enqueue(transfer);
    else if (priority !== undefined) await this.#put(transfer);
  }

  /** Finished files stay. */
  async cancel(transfer: Transfer): Promise<void> {
    await this.#endRun(transfer, { kind: 'cancelled' });
    if (transfer.state !== 'done') await discardTransfer(this.#context, transfer);
    await this.#forget(transfer);
  }

  async #enqueue(transfer: Transfer): Promise<void> {
    this.#noRetry(transfer);
    if (transfer.state !== 'active') transfer.state = 'queued';
    await this.#put(transfer);
    this.#next();
  }

  /** Begins what may begin. */
  #next(): void {
    const { config, signal } = this.#context;
    if (this.#quiet || signal.aborted) return;
    const waiting = [...this.#transfers.values()].filter(({ state }) => state === 'queued').sort(byTurn);
    for (const transfer of waiting) {
      if (this.#runs.size >= config.maxActive) return;
      if (!this.#runs.has(transfer)) this.#begin(transfer);
    }
  }

  #begin(transfer: Transfer): void {
    const end = new AbortController();
    transfer.state = 'active';
    transfer.error = null;
    const settled = this.#run(transfer, end).finally(() => {
      this.#runs.delete(transfer);
      this.#next();
    });
    this.#runs.set(transfer, { end, settled });
    // A bug in it is one of this actor.
    this.#context.spawn(() => settled);
  }

  async #run(transfer: Transfer, end: AbortController): Promise<void> {
    const context = this.#context;
    const caller = AbortSignal.any([context.signal, end.signal]);
    const progress = transfer.begins();
    let outcome: Outcome;
    try {
      const result = await runDownload({ context, transfer, progress, space: this.#space, caller });
      outcome = { kind: 'done', result };
    } catch (error) {
      outcome = outcomeOf(error, end.signal, context.signal);
    }
    transfer.ends(context.clock.now());
    if (outcome.kind === 'failed' && this.#waitsForRoom(transfer, outcome.error))
      return await this.#put(transfer);
    await this.#settle(transfer, outcome);
    for (const { ended } of [...(this.#followers.get(transfer) ?? [])]) ended(outcome);
  }

  async #settle(transfer: Transfer, outcome: Outcome): Promise<void> {
    switch (outcome.kind) {
      // In the ledger it is `queued`.
      case 'left':
        return;
      case 'done':
        transfer.state = 'done';
        this.#attempts.delete(transfer);
        this.#trim();
        break;
      case 'failed':
        transfer.state = 'failed';
        transfer.error = toErrorRecord(outcome.error);
        // A slip of the pen: whoever made it has heard of it.
        if (!transfer.planned && this.follows(transfer)) return await this.#forget(transfer);
        if (isPassing(transfer)) this.#retryLater(transfer);
        break;
      case 'paused':
      case 'cancelled':
        transfer.state = 'paused';
    }
    await this.#put(transfer);
  }

  /** Of those that are done, the ledger keeps as many. */
  #trim(): void {
    const done = [...this.#transfers.values()].filter(({ state }) => state === 'done');
    for (const { id } of done.slice(0, Math.max(0, done.length - KEPT_DONE))) this.#transfers.delete(id);
  }

  async #endRun(transfer: Transfer, outcome: Outcome): Promise<void> {
    this.#noRetry(transfer);
    const run = this.#runs.get(transfer);
    if (run === undefined) {
      for (const { ended } of [...(this.#followers.get(transfer) ?? [])]) ended(outcome);
      return;
    }
    run.end.abort(outcome);
    await run.settled;
  }

  /** A full disk is nobody's failure: true, unless somebody who waits for it should rather hear of it at once. */
  #waitsForRoom(transfer: Transfer, error: unknown): boolean {
    if (!(error instanceof ActorError) || error.code !== 'E_NO_SPACE') return false;
    if (!transfer.planned && this.follows(transfer)) return false;
    transfer.state = 'paused';
    transfer.error = toErrorRecord(error);
    this.#context.log.warn(
      { transfer: transfer.id, path: error.subject, reason: error.message },
      'the disk is full: a download waits until there is room',
    );
    this.#again(transfer, ROOM_AGAIN_MS);
    return true;
  }

  #retryLater(transfer: Transfer): void {
    const attempt = this.#attempts.get(transfer) ?? 0;
    this.#attempts.set(transfer, attempt + 1);
    this.#again(transfer, retryDelay(attempt));
  }

  #again(transfer: Transfer, ms: number): void {
    if (this.#quiet) return;
    const disarm = this.#context.clock.after(ms, () => {
      this.#retries.delete(transfer);
      this.#context.spawn(() => this.#enqueue(transfer));
    });
    this.#retries.set(transfer, disarm);
  }

  #noRetry(transfer: Transfer): void {
    this.#retries.get(transfer)?.();
    this.#retries.delete(transfer);
  }

  async #forget(transfer: Transfer): Promise<void> {
    this.#transfers.delete(transfer.id);
    this.#attempts.delete(transfer);
    await this.#context.refs.store.ask('dropTransfer', { id: transfer.id });
  }

  /** The store may be down for a moment: what it misses is told again with the next change. */
  async #put(transfer: Transfer): Promise<void> {
    try {
      await this.#context.refs.store.ask('putTransfer', transfer.stored());
    } catch (error) {
      if (!(error instanceof ActorError)) throw error;
      this.#context.log.warn(
        { transfer: transfer.id, code: error.code, reason: error.message },
        'the state of a transfer was not written down',
      );
    }
  }

  #same(target: string, directory: string, options: TransferOptions): Transfer | undefined {
    const wanted = JSON.stringify(options);
    return [...this.#transfers.values()].find(
      (transfer) =>
        transfer.target === target &&
        transfer.directory === directory &&
        JSON.stringify({ ...transfer.options, sequential: undefined }) === wanted,
    );
  }

  /** Of what is asked for: asked for again after the ledger was lost, it finds what it had begun. */
  #idOf(target: string, directory: string, options: TransferOptions): string {
    const asked = { home: this.#context.config.home, target, directory, options };
    for (let again = 0; ; again++) {
      const id = transferId(asked, again);
      if (!this.#transfers.has(id)) return id;
    }
  }
}

/** Whose turn comes first: the more urgent, then whoever waited longer. */
function byTurn(a: Transfer, b: Transfer): number {
  return b.priority - a.priority || a.added - b.added || (a.id < b.id ? -1 : 1);
}

const isPassing = ({ error }: Transfer): boolean => error?.retryable === true;

function outcomeOf(error: unknown, end: AbortSignal, stop: AbortSignal): Outcome {
  if (stop.aborted) return { kind: 'left' };
  if (end.aborted) return end.reason as Outcome;
  if (!(error instanceof ActorError)) throw error;
  return { kind: 'failed', error };
}

/** Those by which it is known. */
function optionsOf({ only, adopt, category }: DownloadRequest): TransferOptions {
  return {
    ...(only !== undefined && only.length > 0 && { only }),
    ...(adopt !== undefined && { adopt: checkedFolder(adopt) }),
    ...(category !== undefined && { category }),
  };
}

function directoryOf({ directory, category }: DownloadRequest, categories: readonly string[]): string {
  const known = new Map(categories.map((entry) => splitAt(entry, entry.indexOf('='))));
  if (category !== undefined && !known.has(category)) {
    throw failure('E_USAGE', 'no category of that name', {
      subject: category,
      next: `the settings name ${[...known.keys()].join(', ') || 'none'} (downloads.categories)`,
    });
  }
  const folder = directory ?? (category === undefined ? undefined : known.get(category));
  if (folder === undefined) throw failure('E_USAGE', 'a download needs a folder, or a category that has one');
  return folder;
}

const splitAt = (text: string, at: number): [string, string] => [text.slice(0, at), text.slice(at + 1)];
