import type { ActorContext } from '../supervisor/contract/actor.ts';
import { ActorError } from '../supervisor/contract/actor-error.ts';
import type { MessagesOf } from '../supervisor/contract/contract.ts';
import type { Ref } from '../supervisor/contract/ref.ts';
import type { acceptorContract } from './acceptor/contract.ts';

/** For whoever asks often: they are those of one life of the acceptor. */
export const OWN_KNOWN_MS = 30_000;

type Asker = Pick<ActorContext<unknown, unknown, never>, 'clock' | 'signal'> & {
  readonly refs: { readonly acceptor: Ref<MessagesOf<typeof acceptorContract>> };
};

/** Where this node can be reached, as it says itself. Looked up when asked to: it is told in no message. */
export class OwnAddresses {
  readonly #asker: Asker;
  #all: ReadonlySet<string> = new Set();
  #advertised: readonly string[] = [];
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  /** `tcp://ip:port` each: what is told to others, and what is listened on. Nobody is dialled there. */
  get all(): ReadonlySet<string> {
    return this.#all;
  }

  /** What is told to others. */
  get advertised(): readonly string[] {
    return this.#advertised;
  }

  /** Brings them up to date, unless that was done less than so long ago. What is told to others. */
  async look(knownForMs = 0): Promise<readonly string[]> {
    const { clock, refs, signal } = this.#asker;
    if (clock.now() - this.#lookedAt < knownForMs) return this.#advertised;
    try {
      const { bound, advertised } = await refs.acceptor.ask('addresses', null, { signal });
      this.#all = new Set([...bound, ...advertised]);
      this.#advertised = advertised;
      this.#lookedAt = clock.now();
    } catch (error) {
      // It is being restarted: what it said before still holds.
      if (!(error instanceof ActorError) || signal.aborted) throw error;
    }
    return this.#advertised;
  }
}
