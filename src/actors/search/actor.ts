import { failure } from '../../errors.ts';
import { actor } from '../contracts.ts';
import { type SearchPage, type SearchQuery, searchContract } from './contract.ts';
import { readPage } from './page.ts';
import { parseQuery, type Query } from './query.ts';
import { SegmentFolder } from './segment-folder.ts';
import { SegmentKeeper } from './segment-keeper.ts';
import type { SearchedShare } from './shares.ts';

const MAX_LIMIT = 200;
const MAX_OFFSET = 10_000;
/** A name has 1 KiB at most, and whole names are asked for. */
const MAX_QUERY_LENGTH = 4096;
const DEFAULT_TRUST = ['trusted', 'normal'] as const;

/** Finds items of subscribed shares: one immutable segment a share, walked in the order of the scores. */
export default actor(searchContract, (context) => {
  const folder = new SegmentFolder(context.config.home);
  const keeper = new SegmentKeeper(context, folder);
  context.spawn(() => keeper.openAll());

  async function pageOf(request: SearchQuery, query: Query | null) {
    if (query === null) return { hits: [], damaged: [], next: null };
    const { limit, offset } = request;
    // One more than is shown tells whether there is a next page.
    const matches = keeper.shares.search(query, offset + limit + 1, filterOf(request));
    const page = await readPage(folder, matches.slice(offset, offset + limit), query);
    return { ...page, next: matches.length > offset + limit ? offset + limit : null };
  }

  return {
    handlers: {
      async search(request): Promise<SearchPage> {
        const began = context.clock.now();
        context.metrics.add('queries', 1);
        check(request);
        const query = parseQuery(request.query);
        const { complete } = keeper;
        let found = await pageOf(request, query);
        // A revision that was replaced between match and read took its rows with it: the new one is asked instead.
        if (found.damaged.some((share) => !keeper.holds(share))) found = await pageOf(request, query);
        const damaged = found.damaged.filter((share) => keeper.holds(share));
        for (const share of damaged) context.spawn(() => keeper.rebuild(share));
        const { hits, next } = found;
        const tookMs = context.clock.now() - began;
        return { hits, next, took_ms: tookMs, complete: complete && damaged.length === 0 };
      },

      async refresh({ shareId }) {
        return await keeper.refresh(shareId);
      },
    },
  };
});

function check({ query, limit, offset }: SearchQuery): void {
  if (query.length > MAX_QUERY_LENGTH) {
    throw failure('E_USAGE', `a query has at most ${MAX_QUERY_LENGTH} characters`);
  }
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw failure('E_USAGE', `a page has 1 to ${MAX_LIMIT} rows, not ${limit}`);
  }
  if (!Number.isInteger(offset) || offset < 0 || offset > MAX_OFFSET) {
    throw failure('E_USAGE', `rows to pass over are 0 to ${MAX_OFFSET}, not ${offset}`);
  }
}

function filterOf({ shares, trust }: SearchQuery): (share: SearchedShare) => boolean {
  const levels = new Set<string>(trust.length > 0 ? trust : DEFAULT_TRUST);
  const named = new Set(shares);
  return (share) => levels.has(share.trust) && (named.size === 0 || named.has(share.root));
}
