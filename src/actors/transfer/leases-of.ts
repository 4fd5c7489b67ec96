import type { Lease } from '../content-types.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';

/** Contents asked about at once. */
const AT_ONCE = 500;

/** Where contents of these files lie on this disk, as far as the node serves them. */
export async function leasesOf(
  { context, signal }: DownloadParts,
  files: readonly DownloadFile[],
): Promise<ReadonlyMap<string, Lease>> {
  const found = new Map<string, Lease>();
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const contentIds = files.slice(at, at + AT_ONCE).map(({ contentId }) => contentId);
    const leases = await context.refs.store.ask('leases', { contentIds }, { signal });
    for (const lease of leases) found.set(lease.contentId, lease);
  }
  return found;
}
