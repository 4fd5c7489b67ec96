import type { ActorContext } from '../supervisor/contract/actor.ts';
import type { MessagesOf } from '../supervisor/contract/contract.ts';
import type { Ref } from '../supervisor/contract/ref.ts';
import { BanList } from './ban-list.ts';
import { keepListening } from './keep-listening.ts';
import type { storeContract } from './store/contract.ts';

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
    const { refs, signal } = context;
    const stream = () => refs.store.stream('banned', null, { signal });
    // Those in force stay so while the store is being restarted.
    context.spawn(() => keepListening(context, stream, (targets) => inForce.#use(targets)));
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

  #use(targets: readonly string[]): void {
    this.#list = new BanList(targets);
    this.#changed(this.#list);
  }
}
