import { ask, configOf, defineContract } from '../../supervisor/contract/contract.ts';
import type { Trust } from '../share-types.ts';
import type { SearchConfig } from './config.ts';

/**
 * Languages whose words are found by their stems as well. Segments say by the place in this list how they were built:
 * it only ever grows at its end.
 */
export const STEMMINGS = [
  'off',
  'english',
  'german',
  'french',
  'spanish',
  'italian',
  'portuguese',
  'dutch',
  'swedish',
  'norwegian',
  'danish',
  'finnish',
  'russian',
] as const;
export type Stemming = (typeof STEMMINGS)[number];

export interface SearchQuery {
  readonly query: string;
  /** Only these shares; empty: all subscribed ones. */
  readonly shares: readonly string[];
  /** Trust levels shown; default trusted and normal. */
  readonly trust: readonly Trust[];
  /** 1 to 200. */
  readonly limit: number;
  /** Rows to pass over; at most 10,000. 0 with a cursor. */
  readonly offset: number;
  /** Where another page ended: what follows is told, whatever came or went before that place meanwhile. */
  readonly cursor: string | null;
  /** Nothing is found but what the words say as they are typed. */
  readonly asTyped: boolean;
}

/** A word that nothing was found for, and the one that was taken for it. */
export interface Correction {
  readonly typed: string;
  readonly meant: string;
}

/** Field names are those of the command's result. */
export interface SearchHit {
  readonly share_id: string;
  readonly content_id: string;
  readonly path: string;
  readonly name: string;
  readonly size: number;
  readonly score: number;
  readonly trust: Trust;
  /** The part of the name or of the share's texts that matched, terms between `[` and `]`. */
  readonly snippet: string;
  /** Words that are taken for typing errors; empty: found as typed. */
  readonly corrected: readonly Correction[];
}

export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** Offset of the next page; null when this was the last. */
  readonly next: number | null;
  /** Where this page ended; null when it was the last. */
  readonly cursor: string | null;
  readonly took_ms: number;
  /** False while segments are still being built, or the words for corrections still gathered. */
  readonly complete: boolean;
}

export const searchContract = defineContract({
  name: 'search',
  uses: ['store'],
  config: configOf<SearchConfig>(),
  metrics: ['segments', 'items', 'segment_bytes', 'queries'],
  messages: {
    /** `E_USAGE` for what is out of bounds or no cursor. */
    search: ask<SearchQuery, SearchPage>(),
    /** Brings the share's segment in line with the store: built, replaced or dropped. */
    refresh: ask<{ shareId: string }, { items: number }>({ deadlineMs: 60_000 }),
    /** Works this way from here on; segments built another way are built anew, and answer as they are until then. */
    configure: ask<Pick<SearchConfig, 'stemming'>, null>(),
  },
});
