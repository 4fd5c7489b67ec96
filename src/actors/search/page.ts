import { toHex } from '../../protocol/crypto/bytes.ts';
import type { SearchHit } from './contract.ts';
import { correctionsOf, type Found } from './find-matches.ts';
import type { Query } from './query.ts';
import type { Row } from './row.ts';
import type { SegmentFolder } from './segment-folder.ts';
import type { SearchedShare } from './shares.ts';
import { hasMatch, snippetOf } from './snippet.ts';

export interface ReadPage {
  /** In the order of the matches, without those whose rows cannot be read. */
  readonly hits: readonly SearchHit[];
  /** Shares whose rows are damaged or gone. */
  readonly damaged: readonly SearchedShare[];
}

/** Reads the rows of one page, and nothing else, and makes them fit to be shown. */
export async function readPage(folder: SegmentFolder, found: readonly Found[]): Promise<ReadPage> {
  const byShare = Map.groupBy(found, ({ match }) => match.share);
  const rows = new Map<Found, Row | null>();
  await Promise.all(
    [...byShare].map(async ([share, own]) => {
      const spans = own.map(({ match }) => share.segment.row(match.document));
      const read = await folder.rows.read(folder.rowsPath(share), spans);
      for (const [i, each] of own.entries()) rows.set(each, read[i] ?? null);
    }),
  );
  const damaged = new Set<SearchedShare>();
  const shareSnippets = new Map<SearchedShare, string>();
  const hits: SearchHit[] = [];
  for (const each of found) {
    const row = rows.get(each) ?? null;
    if (row === null) damaged.add(each.match.share);
    else hits.push(hitOf(each, row, shareSnippets));
  }
  return { hits, damaged: [...damaged] };
}

function hitOf(found: Found, row: Row, shareSnippets: Map<SearchedShare, string>): SearchHit {
  const { match, query, score } = found;
  const { share, tier } = match;
  const terms = query.terms.map(({ text }) => text);
  const snippet = () => {
    switch (tier) {
      case 'tags':
        return snippetOf(row.tags.join(', '), terms, null);
      case 'stem':
        return snippetOf(row.name, terms, null, sameStem(query));
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
    corrected: correctionsOf(found),
  };
}

function sameStem({ stems, terms }: Query): (word: string) => boolean {
  if (stems === null) return () => false;
  const wanted = new Set(terms.map(({ text }) => stems.stemmer.stem(text)));
  return (word) => wanted.has(stems.stemmer.stem(word));
}

function shareSnippet({ title, description }: SearchedShare, terms: readonly string[]): string {
  const text = title !== null && hasMatch(title, terms) ? title : (description ?? title ?? '');
  return snippetOf(text, terms, null);
}
