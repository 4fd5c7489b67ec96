import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { DhtContext } from './context.ts';

/** Where this node can be reached, as it says itself. Looked up again when asked to: it is told in no message. */
export class OwnAddresses {
  readonly #context: DhtContext;
  /** `tcp://ip:port` each: what is told to others, and what is listened on. */
  all: ReadonlySet<string> = new Set();
  advertised: readonly string[] = [];

  constructor(context: DhtContext) {
    this.#context = context;
  }

  async look(): Promise<void> {
    try {
      const { bound, advertised } = await this.#context.refs.acceptor.ask('addresses', null);
      this.all = new Set([...bound, ...advertised]);
      this.advertised = advertised;
    } catch (error) {
      // It is being restarted: what it said before still holds.
      if (!(error instanceof ActorError)) throw error;
    }
  }
}
