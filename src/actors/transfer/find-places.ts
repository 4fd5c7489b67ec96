import { eachBounded } from '../each-bounded.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import type { PlaceSurvey } from './place-survey.ts';

const LOOKS_AT_ONCE = 8;

/**
 * Settles where each file goes, before anything is written. A file that is there already is `done`; where another one
 * lies, the file gets a place beside it.
 */
export async function findPlaces(
  parts: DownloadParts,
  files: readonly DownloadFile[],
  survey: PlaceSurvey,
): Promise<void> {
  const taken = new Set<DownloadFile>();
  const undone = files.filter(({ state }) => state !== 'done');
  await eachBounded(undone, LOOKS_AT_ONCE, async (file) => {
    parts.signal.throwIfAborted();
    const found = await survey.look(file);
    if (found === 'same') resumed(parts, file);
    else if (found === 'other') taken.add(file);
  });
  // One after another, in the order of the catalog: the numbers must not depend on who was faster.
  for (const file of undone) {
    if (!taken.has(file)) continue;
    if (await survey.moveOn(file)) resumed(parts, file);
    else parts.keeper.changed(file);
  }
}

function resumed({ progress, keeper, held, folder }: DownloadParts, file: DownloadFile): void {
  held.add(file, folder.placeOf(file.place));
  keeper.changed(file);
  file.state = 'done';
  file.resumed = file.size;
  progress.resumed += file.size;
  progress.files++;
}
