import { statfs } from 'node:fs/promises';
import { type Check, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';
import { nearestFolder } from '../nearest-folder.ts';

const NAME = 'file-system';

/** Of Linux's `statfs` (magic.h), the kinds that a data folder should not lie on, and why. */
const TRAPS = new Map<number, readonly [kind: string, why: string]>([
  [0x6969, ['NFS', 'network']],
  [0x517b, ['SMB', 'network']],
  [0xff534d42, ['CIFS', 'network']],
  [0xfe534d42, ['SMB 2', 'network']],
  [0x00c36400, ['Ceph', 'network']],
  [0x5346414f, ['AFS', 'network']],
  [0x01021997, ['9p', 'network']],
  [0x65735546, ['FUSE', 'fuse']],
  [0x01021994, ['tmpfs', 'memory']],
  [0x858458f6, ['ramfs', 'memory']],
  [0x794c7630, ['overlayfs', 'container']],
]);

const REASONS: Readonly<Record<string, readonly [what: string, next: string]>> = {
  network: [
    'locks and write-ahead logs of databases are not safe there',
    'put the data folder on a local disk (--home); shared files may stay where they are',
  ],
  fuse: [
    'locks of databases are only as good as the program behind it',
    'put the data folder on a local disk (--home); shared files may stay where they are',
  ],
  memory: ['it is gone when the machine starts again', 'put the data folder on a disk (--home)'],
  container: ['it is gone with the container', 'mount a volume, and put the data folder there (--home)'],
};

/** `type` as `statfs` says. */
export function judgeFileSystem(type: number): Check {
  const trap = TRAPS.get(type >>> 0);
  if (trap === undefined) return ok(NAME, 'the data folder is on a local file system');
  const [what, next] = REASONS[trap[1]]!;
  return warn(NAME, `the data folder is on ${trap[0]}: ${what}`, next);
}

export async function fileSystem({ home }: Facts): Promise<Check[]> {
  // Only Linux gives kinds that mean something.
  if (process.platform !== 'linux') return [];
  try {
    return [judgeFileSystem((await statfs(await nearestFolder(home))).type)];
  } catch {
    // That the folder cannot be read is told by the checks of its space and permissions.
    return [];
  }
}
