import { rateLimitExceeded } from '../../protocol/wire/errors.ts';
import { GET_CHUNK_HASHES, PEX_OFFER } from '../../protocol/wire/message-types.ts';
import {
  RATE_LIMITS,
  RATE_WINDOW_SECS,
  type RateClass,
  rateClassOf,
} from '../../protocol/wire/rate-class.ts';
import type { Peer } from './session.ts';

type RatedPeer = Pick<Peer, 'nodeKey' | 'dialect' | 'native'>;

interface Window {
  readonly startedAt: number;
  total: number;
  readonly counts: Map<RateClass, number>;
  /** The content of the last chunk that was not here. */
  missing: string;
  /** Hash lists that were not here. */
  missingLists: number;
  /** Offers of peers. */
  offers: number;
}

/** Of which 64 addresses are looked at each and as many of one peer kept: in a minute nobody has so much news. */
const MAX_OFFERS = 100;

/** Peers counted at once; the one that came first makes room. Keys cost an attacker nothing, memory must not either. */
const MAX_PEERS = 10_000;

/**
 * Requests of each peer key in fixed windows of a minute, with the classes, limits and texts of the network, but for two
 * things. Offers of peers, read in half a millisecond, have a limit of their own in every dialect. Chunks and hash lists are
 * not counted, only those that are not here: a seeder that serves from its own disk has back-pressure instead, and whoever
 * fetches a share asks for a list for every file of it.
 */
export class RequestRates {
  readonly #windows = new Map<string, Window>();

  /** Counts a request. The text to refuse it with, or null. */
  admit({ nodeKey, dialect, native }: RatedPeer, type: number, nowMs: number): string | null {
    const kind = rateClassOf(type, dialect);
    if (native && type === GET_CHUNK_HASHES) return null;
    const window = this.#window(nodeKey, nowMs);
    if (type === GET_CHUNK_HASHES) {
      return window.missingLists >= RATE_LIMITS.fetch ? rateLimitExceeded('fetch') : null;
    }
    if (kind === 'chunk') {
      const missed = window.counts.get('chunk') ?? 0;
      return missed >= RATE_LIMITS.chunk ? rateLimitExceeded('chunk') : null;
    }
    if (type === PEX_OFFER && ++window.offers > MAX_OFFERS) return rateLimitExceeded('dht');
    window.total++;
    // Without a class a request counts, but is never refused: the manner of the first dialect.
    if (kind === null) return null;
    const count = (window.counts.get(kind) ?? 0) + 1;
    window.counts.set(kind, count);
    if (count > RATE_LIMITS[kind]) return rateLimitExceeded(kind);
    return window.total > RATE_LIMITS.total ? rateLimitExceeded('total') : null;
  }

  /** A chunk was asked for that is not here. Counted once for all chunks of a content in a row: so peers ask. */
  missed({ nodeKey }: RatedPeer, contentId: string, nowMs: number): void {
    const window = this.#window(nodeKey, nowMs);
    if (window.missing === contentId) return;
    window.missing = contentId;
    window.counts.set('chunk', (window.counts.get('chunk') ?? 0) + 1);
  }

  /** A hash list was asked for that is not here. */
  missedList({ nodeKey }: RatedPeer, nowMs: number): void {
    this.#window(nodeKey, nowMs).missingLists++;
  }

  #window(nodeKey: string, nowMs: number): Window {
    const known = this.#windows.get(nodeKey);
    if (known && nowMs - known.startedAt < RATE_WINDOW_SECS * 1000) return known;
    this.#windows.delete(nodeKey);
    if (this.#windows.size >= MAX_PEERS) this.#windows.delete(this.#windows.keys().next().value!);
    const fresh = {
      startedAt: nowMs,
      total: 0,
      counts: new Map<RateClass, number>(),
      missing: '',
      missingLists: 0,
      offers: 0,
    };
    this.#windows.set(nodeKey, fresh);
    return fresh;
  }
}
