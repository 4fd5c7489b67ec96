import { eachBounded } from '../each-bounded.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';

const LOOKS_AT_ONCE = 8;

/** Files that an earlier run finished count as long as they lie there; of others, everything has to come. */
export async function checkDone(parts: DownloadParts, files: readonly DownloadFile[]): Promise<void> {
  const { folder, progress, signal } = parts;
  const done = files.filter(({ state }) => state === 'done');
  await eachBounded(done, LOOKS_AT_ONCE, async (file) => {
    signal.throwIfAborted();
    const found = await folder.look(file.place);
    if (found?.isFile() && found.size === file.size) {
      file.resumed = file.size;
      progress.resumed += file.size;
      progress.files++;
    } else {
      file.state = 'missing';
      file.told = false;
    }
  });
}
