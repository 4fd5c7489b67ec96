import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import type { Finisher } from './finisher.ts';
import { leasesOf } from './leases-of.ts';

/**
 * Copies what this disk has: contents that are done elsewhere in the same download, and those this node serves.
 * Returns what is left to be fetched, one file for each content; the others are its twins. Ends when the copies have.
 */
export async function takeLocal(
  parts: DownloadParts,
  files: readonly DownloadFile[],
  finisher: Finisher,
): Promise<readonly DownloadFile[]> {
  const { folder } = parts;
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
      finisher.copied(file, known.lies ?? folder.placeOf(known.place), 'missing');
    } else if (leader !== undefined) leader.twins.push(file);
    else first.set(file.contentId, file);
  }
  const leaders = [...first.values()];
  const unbegun = leaders.filter(({ have }) => have.count === 0);
  const leases = await leasesOf(parts, unbegun);
  for (const file of unbegun) {
    const lease = leases.get(file.contentId);
    if (lease !== undefined && lease.size === file.size) finisher.copied(file, lease.path, 'missing');
  }
  await finisher.idle();
  return [...leaders, ...copied].filter(({ state }) => state === 'missing');
}
