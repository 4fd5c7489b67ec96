import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import { sleep } from '../../../supervisor/contract/clock.ts';
import type { OwnShare } from '../../share-types.ts';
import type { PublishContext } from '../context.ts';
import type { PublishResult } from '../contract.ts';
import { CHANGED_WHILE_HASHING, STILL_WRITTEN } from '../skipped-files.ts';
import { FolderWatches, type WatchFolder } from './folder-watches.ts';
import { QuietPeriod } from './quiet-period.ts';

/** A folder that never rests is published this often. */
const MOST_MS = 60_000;
/** Between looks by the clock where the system hears of no changes. */
const DEAF_RESCAN_MS = 60_000;

/** What is worth another look soon. */
const WAITING: ReadonlySet<string> = new Set([STILL_WRITTEN, CHANGED_WHILE_HASHING]);

/** Publishes the share as it lies there now; a file younger than that many milliseconds waits. */
export type PublishAgain = (share: OwnShare, restMs: number, signal: AbortSignal) => Promise<PublishResult>;

/** Publishes one share by itself when its files change, and looks through them now and then: events get lost. */
export class ShareWatch {
  readonly #context: PublishContext;
  readonly #publish: PublishAgain;
  readonly #folders: FolderWatches;
  readonly #quiet: QuietPeriod;
  readonly #stopping = new AbortController();
  #share: OwnShare;
  #wake: () => void = () => {};
  #told: string | null = null;

  constructor(context: PublishContext, share: OwnShare, publish: PublishAgain, watch?: WatchFolder) {
    this.#context = context;
    this.#share = share;
    this.#publish = publish;
    this.#quiet = new QuietPeriod(context.config.quietSeconds * 1000, MOST_MS);
    this.#folders = new FolderWatches(() => this.#touch(), watch);
  }

  /** Other places than before. */
  set share(share: OwnShare) {
    this.#share = share;
  }

  stop(): void {
    this.#stopping.abort();
  }

  /** Until it is stopped. The first look is at once: much may have changed while nobody watched. */
  async run(): Promise<void> {
    const { clock, config } = this.#context;
    const signal = AbortSignal.any([this.#context.signal, this.#stopping.signal]);
    this.#touch();
    let rescanAt = Number.POSITIVE_INFINITY;
    try {
      for (;;) {
        await this.#until(() => Math.min(this.#quiet.dueAt, rescanAt), signal);
        this.#quiet.clear();
        // Watched before it is looked at: what changes in between is heard.
        await this.#folders.refresh(this.#share.roots, signal);
        this.#tellLimit();
        if (!(await this.#once(signal))) this.#touch();
        const pace = this.#folders.limit === null ? config.rescanSeconds * 1000 : DEAF_RESCAN_MS;
        rescanAt = clock.now() + Math.min(pace, config.rescanSeconds * 1000);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#folders.close();
    }
  }

  /** False when it is to be tried again soon. */
  async #once(signal: AbortSignal): Promise<boolean> {
    const { log, metrics, config } = this.#context;
    const { name } = this.#share;
    try {
      const result = await this.#publish(this.#share, config.quietSeconds * 1000, signal);
      if (result.revisions > 0) {
        metrics.add('watch_revisions', 1);
        log.info({ share: name, seq: result.seq, items: result.items }, 'files changed: published by itself');
      }
      return !result.skipped.some(({ reason }) => WAITING.has(reason));
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
      const expected = error.code === 'E_SHARE_OFFLINE' || error.code === 'E_BUSY';
      log[expected ? 'debug' : 'warn'](
        { share: name, code: error.code, reason: error.message },
        'not published now',
      );
      return error.code !== 'E_BUSY';
    }
  }

  #touch(): void {
    if (this.#quiet.touch(this.#context.clock.now())) this.#wake();
  }

  /** Waits for a time that may move while it waits. */
  async #until(due: () => number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    for (let wait = due() - clock.now(); wait > 0; wait = due() - clock.now()) {
      const woken = new AbortController();
      this.#wake = () => woken.abort();
      try {
        await sleep(clock, Math.min(wait, MOST_MS), AbortSignal.any([signal, woken.signal]));
      } catch (error) {
        if (signal.aborted) throw error;
      }
    }
  }

  #tellLimit(): void {
    const { limit } = this.#folders;
    if (limit !== null && limit !== this.#told) {
      const { name } = this.#share;
      const every = DEAF_RESCAN_MS / 1000;
      this.#context.log.warn(
        { share: name, reason: limit, watched: this.#folders.count },
        `not every folder can be watched: the share is looked through every ${every} s as well`,
      );
    }
    this.#told = limit;
  }
}
