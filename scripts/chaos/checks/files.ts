import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { must } from '../violation.ts';

const UNFINISHED = /^\.granary-.*\.part$/;

/** Paths of all files below a folder; none when it is not there. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

const isUnfinished = (path: string): boolean => UNFINISHED.test(path.slice(path.lastIndexOf('/') + 1));

/** Whatever has its final name, at any moment, is what was published. How many files that are. */
export async function finishedFilesAreRight(source: string, target: string): Promise<number> {
  const finished = (await filesBelow(target)).filter((path) => !isUnfinished(path));
  for (const path of finished) {
    const [here, there] = await Promise.all([
      readFile(join(target, path)),
      readFile(join(source, path)).catch(() => null),
    ]);
    must(there !== null, `wrong bytes: ${path} was never published under that name`);
    must(here.equals(there), `wrong bytes: ${path} is not what was published`);
  }
  return finished.length;
}

/** A download that is done: the same names, the same bytes, and nothing beside them. */
export async function foldersAreEqual(source: string, target: string): Promise<void> {
  await finishedFilesAreRight(source, target);
  const [wanted, found] = await Promise.all([filesBelow(source), filesBelow(target)]);
  const strays = found.filter((path) => isUnfinished(path));
  must(strays.length === 0, `left after a download that is done: ${strays.join(', ')}`);
  const missing = wanted.filter((path) => !found.includes(path));
  must(missing.length === 0, `listed as done and not there: ${missing.slice(0, 5).join(', ')}`);
}
