import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import { sleep } from '../../../supervisor/contract/clock.ts';
import type { PublishContext } from '../context.ts';
import { type PublishAgain, ShareWatch } from './share-watch.ts';

/** Until the store is asked again that is down at the start. */
const RETRY_MS = 1_000;

/** The shares that are watched: those the store says, over every restart. */
export class Watches {
  readonly #context: PublishContext;
  readonly #publish: PublishAgain;
  readonly #watches = new Map<string, ShareWatch>();

  constructor(context: PublishContext, publish: PublishAgain) {
    this.#context = context;
    this.#publish = publish;
  }

  async start(): Promise<void> {
    const { clock, signal } = this.#context;
    for (;;) {
      try {
        return await this.refresh();
      } catch (error) {
        if (!(error instanceof ActorError) || signal.aborted) throw error;
        await sleep(clock, RETRY_MS, signal);
      }
    }
  }

  /** After something that is done already, and does not fail because the store went down meanwhile. */
  async follow(): Promise<void> {
    try {
      await this.refresh();
    } catch (error) {
      if (!(error instanceof ActorError) || this.#context.signal.aborted) throw error;
      this.#context.log.warn({ code: error.code }, 'what is watched could not be brought up to date');
      this.#context.spawn(() => this.start());
    }
  }

  /** Begins and ends watches, as the shares are now. */
  async refresh(): Promise<void> {
    const shares = await this.#context.refs.store.ask('ownShares', null);
    const wanted = new Map(shares.filter(({ watch }) => watch).map((share) => [share.shareId, share]));
    for (const [shareId, watch] of this.#watches) {
      if (wanted.has(shareId)) continue;
      watch.stop();
      this.#watches.delete(shareId);
    }
    for (const [shareId, share] of wanted) {
      const known = this.#watches.get(shareId);
      if (known !== undefined) {
        known.share = share;
        continue;
      }
      const watch = new ShareWatch(this.#context, share, this.#publish);
      this.#watches.set(shareId, watch);
      this.#context.spawn(() => watch.run());
    }
    this.#context.metrics.set('watched_shares', this.#watches.size);
  }
}
