import type { ItemEntry } from '../../../control-link/results.ts';
import type { ItemRow } from '../../share-types.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { isOwn, itemEntries, shareRows } from './shares.ts';

/** Where changes are to be followed from, taken before a list that is read. */
export async function revisionNow(refs: ControlRefs, signal: AbortSignal): Promise<string> {
  return (await refs.store.ask('changes', { since: null, limit: 1 }, { signal })).revision;
}

export const changes: AskOperation<'changes'> = async (refs, body, signal) => {
  const found = await refs.store.ask('changes', { since: body.since, limit: body.limit }, { signal });
  const { revision, reset, more, shares: changed, relist, files } = found;
  const wanted = new Set(changed);
  const rows = wanted.size === 0 ? [] : await shareRows(refs, signal);
  const shares = rows.filter((row) => wanted.has(row.share_id));
  const there = new Set(shares.map((row) => row.share_id));
  const entries = new Map<ItemRow, ItemEntry>();
  for (const [shareId, own] of Map.groupBy(files, (file) => file.shareId)) {
    const items = own.flatMap(({ item }) => item ?? []);
    const share = { shareId, own: await isOwn(refs, shareId, signal) };
    const shown = await itemEntries(refs, share, items, signal);
    for (const [i, item] of items.entries()) entries.set(item, shown[i]!);
  }
  return {
    revision,
    reset,
    more,
    shares,
    shares_gone: changed.filter((shareId) => !there.has(shareId)),
    relist,
    items: files.flatMap(({ shareId, item }) =>
      item === null ? [] : [{ share_id: shareId, ...entries.get(item)! }],
    ),
    items_gone: files.flatMap(({ shareId, path, item }) =>
      item === null ? [{ share_id: shareId, path }] : [],
    ),
  };
};
