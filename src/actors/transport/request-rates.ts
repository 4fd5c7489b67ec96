import type { Dialect } from '../../protocol/dialect.ts';
import { rateLimitExceeded } from '../../protocol/wire/errors.ts';
import {
  RATE_LIMITS,
  RATE_WINDOW_SECS,
  type RateClass,
  rateClassOf,
} from '../../protocol/wire/rate-class.ts';

interface Window {
  readonly startedAt: number;
  total: number;
  readonly counts: Map<RateClass, number>;
}

/** Peers counted at once; the one that came first makes room. Keys cost an attacker nothing, memory must not either. */
const MAX_PEERS = 10_000;

/**
 * Requests of each peer key in fixed windows of a minute, with the classes, limits and texts of the network. Chunks are
 * not counted: a seeder that serves from its own disk has back-pressure instead.
 */
export class RequestRates {
  readonly #windows = new Map<string, Window>();

  /** Counts a request. The text to refuse it with, or null. */
  admit(nodeKey: string, dialect: Dialect, type: number, nowMs: number): string | null {
    const kind = rateClassOf(type, dialect);
    if (kind === 'chunk') return null;
    const window = this.#window(nodeKey, nowMs);
    window.total++;
    // Without a class a request counts, but is never refused: the manner of the first dialect.
    if (kind === null) return null;
    const count = (window.counts.get(kind) ?? 0) + 1;
    window.counts.set(kind, count);
    if (count > RATE_LIMITS[kind]) return rateLimitExceeded(kind);
    return window.total > RATE_LIMITS.total ? rateLimitExceeded('total') : null;
  }

  #window(nodeKey: string, nowMs: number): Window {
    const known = this.#windows.get(nodeKey);
    if (known && nowMs - known.startedAt < RATE_WINDOW_SECS * 1000) return known;
    this.#windows.delete(nodeKey);
    if (this.#windows.size >= MAX_PEERS) this.#windows.delete(this.#windows.keys().next().value!);
    const fresh = { startedAt: nowMs, total: 0, counts: new Map<RateClass, number>() };
    this.#windows.set(nodeKey, fresh);
    return fresh;
  }
}
