import { chmod, lstat, mkdir } from 'node:fs/promises';
import { failure } from '../errors.ts';

/**
 * Makes a folder for local sockets, closed to everybody else. `E_HOME_UNUSABLE` when what is there belongs to somebody
 * else, which in a shared place could be a trap.
 */
export async function closedFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw failure('E_HOME_UNUSABLE', 'the folder of local sockets is not a folder of this user', {
      subject: path,
    });
  }
  if ((found.mode & 0o077) !== 0) await chmod(path, 0o700);
}
