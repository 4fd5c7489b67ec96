import type { ItemRow } from '../share-types.ts';
import { DistinctPlaces } from './distinct-places.ts';
import { DownloadFile } from './download-file.ts';
import { type PathRules, safePart, safePath } from './safe-path.ts';

export interface DownloadPlan {
  /** In the order of the items; no two have the same place. */
  readonly files: readonly DownloadFile[];
  readonly places: DistinctPlaces;
  /** Shares that list what is wanted, best first. */
  readonly shareIds: readonly string[];
}

/**
 * What a target means on disk. A whole share goes to the target folder as it is; of `SHARE/PATH` the last part of PATH
 * and what is below it; a content id is one file under its own name, whatever number of shares lists it. A generator,
 * so that thousands of paths do not hold up the thread.
 */
export function* planDownload(
  items: readonly ItemRow[],
  target: string,
  rules: PathRules,
): Generator<undefined, DownloadPlan, void> {
  const shareIds = [...new Set(items.map(({ shareId }) => shareId))];
  const content = items.every(({ contentId }) => contentId === target.toLowerCase());
  const wanted = content ? items.slice(0, 1) : items;
  const above = folderAbove(target);
  const places = new DistinctPlaces();
  const paths: (readonly string[])[] = [];
  for (const item of wanted) {
    const path =
      content || item.path === null
        ? [safePart(item.name, rules.windows)]
        : safePath(item.path.startsWith(above) ? item.path.slice(above.length) : item.path, rules);
    paths.push(path);
    places.addFolders(path);
    yield;
  }
  const files: DownloadFile[] = [];
  for (const [index, path] of paths.entries()) {
    files.push(new DownloadFile({ ...wanted[index]!, position: index }, path, places.place(path)));
    yield;
  }
  return { files, places, shareIds };
}

/** Of `SHARE/a/b/`, what all its paths begin with and the target folder has not: `a/`. */
function folderAbove(target: string): string {
  const slash = target.indexOf('/');
  if (slash < 0) return '';
  let end = target.length;
  while (end > slash + 1 && target[end - 1] === '/') end--;
  const path = target.slice(slash + 1, end);
  return path.slice(0, path.lastIndexOf('/') + 1);
}
