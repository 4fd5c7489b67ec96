import { link, rename, rm, unlink } from 'node:fs/promises';
import { withOpen } from './with-open.ts';

/** File systems without hard links answer `link` so. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a file another name on the same file system. False: there is something of that name, be it a link, and nothing
 * has changed. Throws Node's file system errors.
 */
export async function moveWithoutOverwriting(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code === undefined || !NO_LINKS.has(code)) throw error;
    return await moveOntoOwn(from, to);
  }
  await unlink(from);
  return true;
}

/**
 * The same without hard links: takes the name with an empty file of our own, and replaces that. For a moment the name
 * shows the empty file.
 */
export async function moveOntoOwn(from: string, to: string): Promise<boolean> {
  try {
    await withOpen(to, 'wx', 0o600, async () => {});
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  try {
    await rename(from, to);
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
  return true;
}
