import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { failure, ioFailure } from '../../errors.ts';

/** Throws `E_NO_SPACE` when the file system a folder is on, or will be on, has no room for so many octets. */
export async function checkFreeSpace(folder: string, needed: number): Promise<void> {
  const { bavail, bsize, blocks } = await fileSystemOf(folder);
  // Some file systems do not count.
  if (blocks === 0n) return;
  const missing = BigInt(needed) - bavail * bsize;
  if (missing <= 0n) return;
  throw failure('E_NO_SPACE', `the download needs ${needed} bytes, ${missing} more than are free`, {
    subject: folder,
  });
}

async function fileSystemOf(folder: string) {
  for (let place = folder; ; place = dirname(place)) {
    try {
      return await statfs(place, { bigint: true });
    } catch (error) {
      const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!absent || dirname(place) === place) throw ioFailure(error, folder);
    }
  }
}
