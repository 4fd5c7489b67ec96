import { lstat, opendir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Whether a folder that had something in it is gone, or is empty now: a mount point without its disk. */
export async function isUnmounted(folder: string): Promise<boolean> {
  try {
    return !(await lstat(folder)).isDirectory() || (await isEmpty(folder));
  } catch {
    return true;
  }
}

/** Whether what is left of the way to a file that is gone is an empty folder. */
export async function isBelowUnmounted(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const found = await lstat(folder).catch(() => null);
    if (found?.isDirectory()) return await isEmpty(folder).catch(() => false);
    if (found !== null || folder === dirname(folder)) return false;
  }
}

export async function isEmpty(path: string): Promise<boolean> {
  const folder = await opendir(path);
  try {
    return (await folder.read()) === null;
  } finally {
    await folder.close();
  }
}
