import type { ActorContext } from '../supervisor/contract/actor.ts';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import { sleep } from '../supervisor/contract/clock.ts';
import type { MessagesOf } from '../supervisor/contract/contract.ts';
import type { Ref } from '../supervisor/contract/ref.ts';
import { BanList } from './ban-list.ts';
import type { storeContract } from './store/contract.ts';

/** Between attempts to hear of bans again after the death of the store. Those in force stay so meanwhile. */
const LISTEN_AGAIN_MS = 100;

type Follower = Pick<ActorContext<unknown, unknown, never>, 'clock' | 'signal'> & {
  readonly refs: { readonly store: Ref<MessagesOf<typeof storeContract>> };
  spawn(work: () => Promise<void>): void;
};

/** Whom this node has nothing to do with, at every moment until the actor stops. */
export class BansInForce {
  #list: BanList;
  readonly #changed: (list: BanList) => void;

  private constructor(list: BanList, changed: (list: BanList) => void) {
    this.#list = list;
    this.#changed = changed;
  }

  /** The bans there are, from the first moment on; `changed` is called with every later list. */
  static async follow(context: Follower, changed: (list: BanList) => void = () => {}): Promise<BansInForce> {
    const bans = await context.refs.store.ask('bans', null);
    const inForce = new BansInForce(new BanList(bans.map(({ target }) => target)), changed);
    context.spawn(() => inForce.#follow(context));
    return inForce;
  }

  hasKey(nodeKey: string): boolean {
    return this.#list.hasKey(nodeKey);
  }

  hasIp(ip: string): boolean {
    return this.#list.hasIp(ip);
  }

  hasAddress(address: string): boolean {
    return this.#list.hasAddress(address);
  }

  async #follow({ refs, signal, clock }: Follower): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const targets of refs.store.stream('banned', null, { signal })) {
          this.#list = new BanList(targets);
          this.#changed(this.#list);
        }
      } catch (error) {
        if (!(error instanceof ActorError)) throw error;
      }
      await sleep(clock, LISTEN_AGAIN_MS, signal);
    }
  }
}
