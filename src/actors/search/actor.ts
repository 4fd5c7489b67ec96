import { failure } from '../../errors.ts';
import { actor } from '../contracts.ts';
import { type SearchPage, type SearchQuery, searchContract } from './contract.ts';
import { type Cursor, formatCursor, parseCursor } from './cursor.ts';
import { type Found, findMatches } from './find-matches.ts';
import { type ReadPage, readPage } from './page.ts';
import { parseQuery } from './query.ts';
import { SegmentFolder } from './segment-folder.ts';
import { SegmentKeeper } from './segment-keeper.ts';
import type { SearchedShare } from './shares.ts';

const MAX_LIMIT = 200;
const MAX_OFFSET = 10_000;
/** A name has 1 KiB at most, and whole names are asked for. */
const MAX_QUERY_LENGTH = 4096;
const DEFAULT_TRUST = ['trusted', 'normal'] as const;

interface PageOfMatches extends ReadPage {
  readonly next: number | null;
  readonly cursor: string | null;
  readonly complete: boolean;
}

const NOTHING: PageOfMatches = { hits: [], damaged: [], next: null, cursor: null, complete: true };

/** Finds items of subscribed shares: one immutable segment a share, walked in the order of the scores. */
export default actor(searchContract, (context) => {
  const folder = new SegmentFolder(context.config.home, context.clock);
  const keeper = new SegmentKeeper(context, folder);
  context.spawn(() => keeper.openAll());

  async function pageOf(request: SearchQuery, cursor: Cursor | null, signal: AbortSignal) {
    const { shares, words, stemmer } = keeper;
    const query = parseQuery(request.query, stemmer);
    if (query === null) return NOTHING;
    const { asTyped, limit, offset } = request;
    const { found, complete } = await findMatches(
      { shares, words, stemmer, clock: context.clock },
      {
        text: request.query,
        query,
        // One more than is shown tells whether there is a next page.
        count: offset + limit + 1,
        cursor,
        asTyped,
        visible: filterOf(request),
      },
      signal,
    );
    const shown = found.slice(offset, offset + limit);
    const more = found.length > offset + limit;
    return {
      ...(await readPage(folder, shown)),
      next: more ? offset + limit : null,
      cursor: more ? formatCursor(cursorAt(shown.at(-1)!)) : null,
      complete,
    };
  }

  return {
    handlers: {
      async search(request, { signal }): Promise<SearchPage> {
        const began = context.clock.now();
        context.metrics.add('queries', 1);
        check(request);
        const cursor = request.cursor === null ? null : parseCursor(request.cursor);
        const { complete } = keeper;
        let page = await pageOf(request, cursor, signal);
        // A revision that was replaced between match and read took its rows with it: the new one is asked instead.
        if (page.damaged.some((share) => !keeper.holds(share))) page = await pageOf(request, cursor, signal);
        const damaged = page.damaged.filter((share) => keeper.holds(share));
        for (const share of damaged) context.spawn(() => keeper.rebuild(share));
        const { hits, next } = page;
        return {
          hits,
          next: request.cursor === null ? next : null,
          cursor: page.cursor,
          took_ms: context.clock.now() - began,
          complete: complete && page.complete && damaged.length === 0,
        };
      },

      async refresh({ shareId }) {
        return await keeper.refresh(shareId);
      },

      async configure({ stemming }) {
        await keeper.stemBy(stemming);
        return null;
      },
    },

    stop: () => folder.rows.close(),
  };
});

function cursorAt({ match, meant }: Found): Cursor {
  const { share, tier, nth } = match;
  return { place: { score: match.score, tier, shareId: share.shareId, nth }, meant };
}

function check({ query, limit, offset, cursor }: SearchQuery): void {
  if (query.length > MAX_QUERY_LENGTH) {
    throw failure('E_USAGE', `a query has at most ${MAX_QUERY_LENGTH} characters`);
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw failure('E_USAGE', `a page has 1 to ${MAX_LIMIT} rows, not ${limit}`);
  }
  if (!Number.isInteger(offset) || offset < 0 || offset > MAX_OFFSET) {
    throw failure('E_USAGE', `rows to pass over are 0 to ${MAX_OFFSET}, not ${offset}`);
  }
  if (cursor !== null && offset > 0) throw failure('E_USAGE', 'a cursor and rows to pass over are two ways');
}

function filterOf({ shares, trust }: SearchQuery): (share: SearchedShare) => boolean {
  const levels = new Set<string>(trust.length > 0 ? trust : DEFAULT_TRUST);
  const named = new Set(shares);
  return (share) => levels.has(share.trust) && (named.size === 0 || named.has(share.root));
}
