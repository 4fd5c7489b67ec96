import { ask, configOf, defineContract } from '../../supervisor/contract/contract.ts';
import type { Trust } from '../store/contract.ts';
import type { SearchConfig } from './config.ts';

export interface SearchQuery {
  readonly query: string;
  /** Only these shares; empty: all subscribed ones. */
  readonly shares: readonly string[];
  /** Trust levels shown; default trusted and normal. */
  readonly trust: readonly Trust[];
  /** 1 to 200. */
  readonly limit: number;
  /** Rows to pass over; at most 10,000. */
  readonly offset: number;
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
}

export interface SearchPage {
  readonly hits: readonly SearchHit[];
  /** Offset of the next page; null when this was the last. */
  readonly next: number | null;
  readonly took_ms: number;
  /** False while segments are still being built. */
  readonly complete: boolean;
}

export const searchContract = defineContract({
  name: 'search',
  uses: ['store'],
  config: configOf<SearchConfig>(),
  metrics: ['segments', 'items', 'segment_bytes', 'queries'],
  messages: {
    search: ask<SearchQuery, SearchPage>(),
    /** Brings the share's segment in line with the store: built, replaced or dropped. */
    refresh: ask<{ shareId: string }, { items: number }>({ deadlineMs: 60_000 }),
  },
});
