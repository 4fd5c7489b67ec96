import { parseAddress } from '../../protocol/addresses/address.ts';
import { parseIp } from '../../protocol/addresses/ip.ts';
import { reachOf } from '../../protocol/addresses/may-dial.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import type { PexContext } from './context.ts';

/** They are those of this life of the acceptor. */
const KNOWN_MS = 30_000;

/** Where this node listens and what it tells others, asked for now and then. */
export class OwnAddresses {
  readonly #context: PexContext;
  #advertised: readonly string[] = [];
  #all: ReadonlySet<string> = new Set();
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(context: PexContext) {
    this.#context = context;
  }

  /** As last known: nobody is dialled there. */
  get all(): ReadonlySet<string> {
    return this.#all;
  }

  /** What others are told. Without the acceptor, what it said last. */
  async advertised(): Promise<readonly string[]> {
    const { clock, refs, signal } = this.#context;
    if (clock.now() - this.#askedAt < KNOWN_MS) return this.#advertised;
    try {
      const { bound, advertised } = await refs.acceptor.ask('addresses', null, { signal });
      this.#advertised = advertised;
      this.#all = new Set([...bound, ...advertised]);
      this.#askedAt = clock.now();
    } catch (error) {
      if (!(error instanceof ActorError) || signal.aborted) throw error;
    }
    return this.#advertised;
  }
}

/** Whether an own address means anything to a peer over there: that of a private network does inside of one. */
export function meansAnything(own: string, peerAddress: string): boolean {
  const reach = (text: string) => {
    const parsed = parseAddress(text);
    const ip = parsed.ok ? parseIp(parsed.address.host) : null;
    return ip === null ? 'unusable' : reachOf(ip);
  };
  const mine = reach(own);
  return mine === 'public' || mine === reach(peerAddress);
}
