import { failure } from '../../errors.ts';
import { fromHex } from '../../protocol/crypto/bytes.ts';
import type { Hex } from '../content-types.ts';
import type { StoreChanges } from '../share-types.ts';
import type { Catalog, KnownShare } from './catalog.ts';
import type { ChangeLog } from './change-log.ts';
import { listed, type SharePages } from './share-pages.ts';

const MAX_LIMIT = 1_000;

/** The changes since a revision with the files as they are now, and where they lie. */
export function storeChanges(
  log: ChangeLog,
  catalog: Catalog,
  pages: SharePages,
  since: string | null,
  limit: number,
): StoreChanges {
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT) {
    throw failure('E_USAGE', `1 to ${MAX_LIMIT} changes are told at once, not ${limit}`);
  }
  const { changes, ...page } = log.since(since, limit);
  const known = new Map<Hex, KnownShare | null>();
  const shareOf = (shareId: Hex): KnownShare | null => {
    const share = known.get(shareId) ?? catalog.share(fromHex(shareId, 32)!);
    known.set(shareId, share);
    return share;
  };
  const shares: Hex[] = [];
  const relist: Hex[] = [];
  const files: StoreChanges['files'][number][] = [];
  for (const change of changes) {
    const { shareId } = change;
    if (change.kind === 'share') shares.push(shareId);
    else if (change.kind === 'list') relist.push(shareId);
    else {
      const { path, contentId } = change;
      const share = contentId === null ? null : shareOf(shareId);
      const item = share === null ? null : catalog.itemOf(share, path, contentId!);
      files.push({ shareId, path, item: item && listed(item) });
    }
  }
  const places = [...Map.groupBy(files, (file) => file.shareId)].map(([shareId, changed]) => {
    const items = changed.flatMap(({ item }) => item ?? []);
    return { shareId, places: pages.placesOf(shareId, items) };
  });
  return { ...page, shares, relist, files, places };
}
