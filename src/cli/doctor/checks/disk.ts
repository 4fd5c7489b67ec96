import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { bytesText, countText } from '../../units.ts';
import { type Check, fail, ok, warn } from '../check.ts';
import type { Facts } from '../facts.ts';
import { nearestFolder } from '../nearest-folder.ts';

export interface DiskFacts {
  readonly free: number;
  /** Files that can still be made; null where the file system does not count them. */
  readonly files: number | null;
}

const SPACE = { fail: 64 * 2 ** 20, warn: 2 ** 30 };
const FILES = { fail: 100, warn: 10_000 };

/** `what` is the place in words. */
export function judgeDisk(name: string, what: string, { free, files }: DiskFacts): Check {
  const left = files === null ? '' : ` and room for ${countText(files)} files`;
  const message = `${what}: ${bytesText(free)} free${left}`;
  const next =
    files !== null && files < FILES.warn ? 'remove small files, or move' : 'free some space, or move';
  if (free < SPACE.fail || (files ?? Infinity) < FILES.fail) return fail(name, message, `${next} the folder`);
  if (free < SPACE.warn || (files ?? Infinity) < FILES.warn) return warn(name, message, `${next} the folder`);
  return ok(name, message);
}

/** Space of the data folder and of the places that downloads go to; whether the latter can be written to. */
export async function disk({ home, places }: Facts): Promise<Check[]> {
  const downloads = places.map((place) => checkPlace('downloads', place, true));
  return await Promise.all([checkPlace('disk', home, false), ...downloads]);
}

async function checkPlace(name: string, place: string, written: boolean): Promise<Check> {
  try {
    const folder = await nearestFolder(place);
    if (written) await access(folder, constants.W_OK);
    const { bavail, bsize, files, ffree } = await statfs(folder);
    return judgeDisk(name, place, { free: bavail * bsize, files: files === 0 ? null : ffree });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'EROFS' ? 'it is mounted read-only' : `it cannot be written to (${code})`;
    return fail(name, `${place}: ${why}`, 'check the mount, the owner and the permissions');
  }
}
