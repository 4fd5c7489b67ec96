import { ChunkMap } from '../chunk-map.ts';
import type { StoredFile } from '../ledger-types.ts';
import { DistinctPlaces } from './distinct-places.ts';
import { DownloadFile } from './download-file.ts';
import type { DownloadPlan } from './plan-download.ts';

/** The plan of an earlier run, as the ledger has it, with what it says of the files. In slices, like the first one. */
export function* planAgain(
  stored: readonly StoredFile[],
  shareIds: readonly string[],
): Generator<undefined, DownloadPlan, void> {
  const places = new DistinctPlaces();
  for (const { path } of stored) {
    places.addFolders(path);
    yield;
  }
  const files: DownloadFile[] = [];
  for (const row of stored) {
    places.take(row.place);
    const file = new DownloadFile(row, row.path, row.place);
    file.state = row.state;
    file.told = row.state === 'done';
    const have = row.have === null ? null : ChunkMap.from(file.chunks, row.have);
    if (have !== null) {
      file.have = have;
      file.look = row.look;
    }
    files.push(file);
    yield;
  }
  return { files, places, shareIds };
}
