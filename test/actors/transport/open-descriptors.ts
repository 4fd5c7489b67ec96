import { readdirSync, readlinkSync } from 'node:fs';

/** What the descriptors of this process point at, as the kernel names it; Linux only. */
export function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The one that the listing itself had open.
      return [];
    }
  });
}
