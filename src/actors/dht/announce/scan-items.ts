import { providersKey } from '../../../protocol/objects/dht-keys.ts';
import { sleep } from '../../../supervisor/contract/clock.ts';
import type { AnnouncedPage, AnnouncedPlace, AnnounceScope } from '../../announced-types.ts';
import type { DhtContext } from '../context.ts';
import { type ItemBucket, ItemIndex, ItemIndexBuilder } from './item-index.ts';

const ID_LENGTH = 32;
/** Buckets sorted in one turn of the event loop. */
const AT_ONCE = 4;

/** What this node has is announced as far as its settings say; null: nothing is. */
export function scopeOf({ announce, publish }: DhtContext['config']): AnnounceScope | null {
  if (announce === 'none' || publish === 'none') return null;
  return { private: publish === 'all', downloads: announce === 'all' };
}

/**
 * Looks through what the store serves and makes the index of it. New is what `before` does not have; where there is no
 * `before`, what came later than the lease `since` (null: nothing counts as new).
 */
export async function scanItems(
  { refs, clock, signal }: DhtContext,
  scope: AnnounceScope,
  before: ItemIndex | null,
  since: number | null,
): Promise<ItemIndex> {
  const builder = new ItemIndexBuilder();
  const isFresh = (id: Uint8Array, key: Uint8Array, epoch: number): boolean =>
    before === null ? since !== null && epoch > since : before.stateOf(id, key) !== 'known';
  let after: AnnouncedPlace | null = null;
  do {
    const page: AnnouncedPage = await refs.store.ask('announcedContents', { scope, after }, { signal });
    for (const [index, epoch] of page.epochs.entries()) {
      const id = page.ids.subarray(index * ID_LENGTH, (index + 1) * ID_LENGTH);
      const key = providersKey(id);
      builder.add(id, key, isFresh(id, key, epoch));
    }
    after = page.next;
  } while (after !== null);
  const buckets: ItemBucket[] = [];
  for (const bucket of builder.sorted()) {
    buckets.push(bucket);
    if (buckets.length % AT_ONCE === 0) await sleep(clock, 0, signal);
  }
  return new ItemIndex(buckets, builder.left);
}
