import { toHex } from '../../protocol/crypto/bytes.ts';
import type { SearchHit } from './contract.ts';
import type { Query } from './query.ts';
import { readRows } from './read-rows.ts';
import type { Row } from './row.ts';
import type { SegmentFolder } from './segment-folder.ts';
import type { Match, SearchedShare } from './shares.ts';
import { hasMatch, snippetOf } from './snippet.ts';

export interface ReadPage {
  /** In the order of the matches, without those whose rows cannot be read. */
  readonly hits: readonly SearchHit[];
  /** Shares whose rows are damaged or gone. */
  readonly damaged: readonly SearchedShare[];
}

/** Reads the rows of one page, and nothing else, and makes them fit to be shown. */
export async function readPage(
  folder: SegmentFolder,
  matches: readonly Match[],
  query: Query,
): Promise<ReadPage> {
  const byShare = Map.groupBy(matches, ({ share }) => share);
  const rows = new Map<Match, Row | null>();
  await Promise.all(
    [...byShare].map(async ([share, own]) => {
      const spans = own.map(({ document }) => share.segment.row(document));
      const read = await readRows(folder.rowsPath(share), spans);
      for (const [i, match] of own.entries()) rows.set(match, read[i] ?? null);
    }),
  );
  const damaged = new Set<SearchedShare>();
  const shareSnippets = new Map<SearchedShare, string>();
  const hits: SearchHit[] = [];
  for (const match of matches) {
    const row = rows.get(match) ?? null;
    if (row === null) damaged.add(match.share);
    else hits.push(hitOf(match, row, query, shareSnippets));
  }
  return { hits, damaged: [...damaged] };
}

function hitOf(
  { share, tier, score }: Match,
  row: Row,
  query: Query,
  shareSnippets: Map<SearchedShare, string>,
): SearchHit {
  const terms = query.terms.map(({ text }) => text);
  const snippet = () => {
    switch (tier) {
      case 'tags':
        return snippetOf(row.tags.join(', '), terms, null);
      case 'share': {
        // The same for every item of the share, and its texts may be long.
        const known = shareSnippets.get(share) ?? shareSnippet(share, terms);
        shareSnippets.set(share, known);
        return known;
      }
      default:
        return snippetOf(row.name, terms, tier === 'prefix' ? (terms.at(-1) ?? null) : null);
    }
  };
  return {
    share_id: share.root,
    content_id: toHex(row.contentId),
    path: row.path ?? row.name,
    name: row.name,
    size: row.size,
    score,
    trust: share.trust,
    snippet: snippet(),
  };
}

function shareSnippet({ title, description }: SearchedShare, terms: readonly string[]): string {
  const text = title !== null && hasMatch(title, terms) ? title : (description ?? title ?? '');
  return snippetOf(text, terms, null);
}
