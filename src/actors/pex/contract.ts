import { ask, configOf, defineContract, tell } from '../../supervisor/contract/contract.ts';
import type { PeerLost, PeerMet } from '../peer-met.ts';
import type { WireReply, WireRequest } from '../wire-request.ts';
import type { PexConfig } from './config.ts';

/** A peer this node knows of. Times are unix seconds. */
export interface KnownRow {
  /** `tcp://ip:port` */
  readonly address: string;
  /** Of hearsay: what is said of it, null: nothing. */
  readonly nodeKey: string | null;
  /** It answered this node, or others told of it and it has not. */
  readonly state: 'answered' | 'hearsay';
  readonly native: boolean | null;
  /** Version and number of capability keys, as in `2/8`. */
  readonly dialect: string | null;
  readonly capabilities: readonly string[];
  /** From -10 to 10, what is left of it by now. */
  readonly score: number;
  /** `seed`, `dial` (a link, a lookup, the operator), or the node key of who told of it. */
  readonly source: string;
  readonly seen: number | null;
  /** Dials in a row that failed. */
  readonly failures: number;
}

/** One entry of the bootstrap list. */
export interface SeedRow {
  /** `tcp://host:port[@key]` */
  readonly address: string;
  readonly origin: 'configuration' | 'live';
  /** What it did last; `untried`: nobody has dialled it in this life. */
  readonly state: 'connected' | 'answered' | 'failing' | 'untried';
  /** Where a host name led when it was last asked for. */
  readonly resolved: readonly string[];
  /** Unix seconds of its last answer. */
  readonly lastAnswer: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Unix seconds; until then it is not dialled again by itself. */
  readonly nextTry: number | null;
}

export const pexContract = defineContract({
  name: 'pex',
  // It makes little garbage: what V8 sets aside for more (DECISIONS, D73) would be most of its memory.
  resourceLimits: { maxYoungGenerationSizeMb: 3 },
  uses: ['store', 'transport', 'acceptor', 'dht'],
  config: configOf<PexConfig>(),
  mailbox: 4096,
  metrics: [
    'peers',
    'hearsay',
    'outbound',
    'dials',
    'dials_failed',
    'asked',
    'offers_taken',
    'addresses_refused',
    'answers',
  ],
  messages: {
    /** A handshake is finished. */
    met: tell<PeerMet>(),
    /** A dial failed. */
    lost: tell<PeerLost>(),
    /** Answers 100 and 101. */
    wire: ask<WireRequest, WireReply>(),
    /**
     * Whom to ask about anything, `tcp://ip:port[@key]` each: first the bootstrap list as it resolves by now, then
     * peers that answered lately, the best first. At most `limit`.
     */
    sources: ask<{ limit: number }, readonly string[]>(),
    /** Peers that answered, the best first, then hearsay. */
    known: ask<null, readonly KnownRow[]>(),
    seeds: ask<null, readonly SeedRow[]>(),
    /** Kept for the next starts too. `E_ADDRESS_INVALID`; `changed` is false for one that is there. */
    addSeed: ask<{ address: string }, { changed: boolean }>(),
    /** `E_NOT_FOUND`; `E_CONFIG` for one that a flag or the environment gave. */
    removeSeed: ask<{ address: string }, { changed: boolean }>(),
    /** Works with this configuration from here on. */
    configure: ask<PexConfig, null>(),
  },
});
