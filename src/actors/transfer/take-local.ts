import { eachBounded } from '../each-bounded.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import type { Finisher } from './finisher.ts';

const LEASES_AT_ONCE = 64;

/**
 * Copies what this disk has: contents that are done elsewhere in the same download, and those this node publishes.
 * Returns what is left to be fetched, one file for each content; the others are its twins. Ends when the copies have.
 */
export async function takeLocal(
  parts: DownloadParts,
  files: readonly DownloadFile[],
  finisher: Finisher,
): Promise<readonly DownloadFile[]> {
  const { folder, signal } = parts;
  const done = new Map<string, DownloadFile>();
  for (const file of files) if (file.state === 'done') done.set(file.contentId, file);
  const first = new Map<string, DownloadFile>();
  const copied: DownloadFile[] = [];
  for (const file of files) {
    if (file.state === 'done') continue;
    const known = done.get(file.contentId);
    const leader = first.get(file.contentId);
    if (file.size === 0) finisher.empty(file);
    else if (file.have.count > 0) first.set(file.contentId, file);
    else if (known !== undefined) {
      copied.push(file);
      finisher.copied(file, folder.placeOf(known.place), 'missing');
    } else if (leader !== undefined) leader.twins.push(file);
    else first.set(file.contentId, file);
  }
  const leaders = [...first.values()];
  if (await publishes(parts)) {
    const unbegun = leaders.filter(({ have }) => have.count === 0);
    await eachBounded(unbegun, LEASES_AT_ONCE, async (file) => {
      const lease = await parts.context.refs.store.ask('lease', { contentId: file.contentId }, { signal });
      if (lease !== null && lease.size === file.size) finisher.copied(file, lease.path, 'missing');
    });
  }
  await finisher.idle();
  return [...leaders, ...copied].filter(({ state }) => state === 'missing');
}

/** A node that publishes nothing holds no contents, and need not be asked for each. */
async function publishes({ context, signal }: DownloadParts): Promise<boolean> {
  return (await context.refs.store.ask('ownShares', null, { signal })).length > 0;
}
