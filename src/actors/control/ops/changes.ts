import type { ItemEntry } from '../../../control-link/results.ts';
import { eachBounded } from '../../each-bounded.ts';
import type { ListedItem, StoreChanges } from '../../share-types.ts';
import type { ControlRefs } from '../control-refs.ts';
import type { AskOperation } from '../operation.ts';
import { itemEntries, shareRows } from './shares.ts';

/** Shares whose files are asked for at the same time. */
const SHARES_AT_ONCE = 8;

/** Where changes are to be followed from, taken before a list that is read. */
export async function revisionNow(refs: ControlRefs, signal: AbortSignal): Promise<string> {
  return (await refs.store.ask('changes', { since: null, limit: 1 }, { signal })).revision;
}

export const changes: AskOperation<'changes'> = async (refs, body, signal) => {
  const found = await refs.store.ask('changes', { since: body.since, limit: body.limit }, { signal });
  const { revision, reset, more, shares: changed, relist, files } = found;
  const [rows, entries] = await Promise.all([
    changed.length === 0 ? [] : shareRows(refs, signal),
    entriesOf(refs, found, signal),
  ]);
  const wanted = new Set(changed);
  const shares = rows.filter((row) => wanted.has(row.share_id));
  const there = new Set(shares.map((row) => row.share_id));
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

/** The files that are there, with how they lie here. */
async function entriesOf(
  refs: ControlRefs,
  { files, places }: StoreChanges,
  signal: AbortSignal,
): Promise<ReadonlyMap<ListedItem, ItemEntry>> {
  const entries = new Map<ListedItem, ItemEntry>();
  const byShare = Map.groupBy(files, (file) => file.shareId);
  await eachBounded(places, SHARES_AT_ONCE, async ({ shareId, places: lie }) => {
    const items = byShare.get(shareId)!.flatMap(({ item }) => item ?? []);
    const shown = await itemEntries(refs, items, lie, signal);
    for (const [i, item] of items.entries()) entries.set(item, shown[i]!);
  });
  return entries;
}
