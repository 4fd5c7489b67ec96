import type { WrongFile } from '../../recheck-types.ts';
import type { TransferContext } from '../context.ts';
import type { BadChunk, RecheckResult, RecheckRow, WrongEntry } from '../contract.ts';
import { badChunks, badCount, offsetOf } from './bad-chunks.ts';
import type { Recheck } from './recheck.ts';

/** What one answer tells of; the counts are of all. */
const MOST = { files: 1_000, chunks: 10_000 };
/** The same where there may be one for each share. */
const MOST_IN_LIST = { files: 100, chunks: 1_000 };

/** What a recheck found, so far or in all. */
export async function recheckResult(
  context: TransferContext,
  recheck: Recheck,
  most = MOST,
): Promise<RecheckResult> {
  const { shareId, done, bad, repaired, seconds, resumedBytes } = recheck;
  const request = { shareId, after: null, limit: most.files };
  const wrong = await context.refs.store.ask('wrongFiles', request);
  const chunks: BadChunk[] = [];
  for (const file of wrong) chunks.push(...badOf(file, most.chunks - chunks.length));
  return {
    share_id: shareId,
    ...done,
    bad: chunks,
    bad_total: bad,
    repaired,
    seconds,
    resumed_bytes: resumedBytes,
    files: wrong.map(entryOf),
  };
}

export async function recheckRow(context: TransferContext, recheck: Recheck): Promise<RecheckRow> {
  const { shareId, state, repair, started, ended } = recheck;
  const progress = recheck.progress(context.clock.now());
  const result = await recheckResult(context, recheck, MOST_IN_LIST);
  return { share_id: shareId, state, repair, started, ended, progress, result };
}

function badOf(file: WrongFile, most: number): BadChunk[] {
  const { path, contentId, size, state } = file;
  const repaired = file.repaired > 0;
  return badChunks(file, most).map((chunk) => {
    const offset = offsetOf(chunk, size);
    return { path, content_id: contentId, chunk, offset, state, repaired };
  });
}

function entryOf(file: WrongFile): WrongEntry {
  const { path, contentId, own, adopted, state, size, found, reason } = file;
  const [bad_chunks, repaired] = [badCount(file), file.repaired > 0];
  return { path, content_id: contentId, own, adopted, state, size, found, bad_chunks, repaired, reason };
}
