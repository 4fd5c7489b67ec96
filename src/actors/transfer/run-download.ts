import { isAbsolute } from 'node:path';
import { failure } from '../../errors.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { runSliced } from '../run-sliced.ts';
import type { TransferContext } from './context.ts';
import type { DownloadRequest, DownloadResult } from './contract.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import { fetchMissing } from './fetch-missing.ts';
import { findPlaces } from './find-places.ts';
import { Finisher } from './finisher.ts';
import { checkFreeSpace } from './free-space.ts';
import { missingFiles } from './missing-files.ts';
import { PlaceSurvey } from './place-survey.ts';
import { type DownloadPlan, planDownload } from './plan-download.ts';
import type { ProgressMeter } from './progress-meter.ts';
import type { PathRules } from './safe-path.ts';
import { SpentTimes } from './spent-times.ts';
import { takeLocal } from './take-local.ts';
import { TargetFolder } from './target-folder.ts';

/** Octets of a whole path; an unfinished name, and the number of one that was taken, fit into what is left. */
const MAX_PATH = (process.platform === 'darwin' ? 1024 : 4096) - 32;
/** However long the path of the target folder is. */
const MIN_ROOM = 255;

/**
 * One download, from the target to finished files. Files that are done stay, whatever becomes of the others; unfinished
 * ones, and folders that were made for them and are empty, are gone when it settles. Aborting `caller` rejects with
 * `E_ABORTED` once that is so.
 */
export async function runDownload(
  context: TransferContext,
  request: DownloadRequest,
  progress: ProgressMeter,
  caller: AbortSignal,
): Promise<DownloadResult> {
  const started = context.clock.now();
  const end = new AbortController();
  const signal = AbortSignal.any([caller, end.signal]);
  const folder = new TargetFolder(checkedFolder(request.directory));
  try {
    const plan = await resolve(context, request.target, folder, signal);
    const spent = new SpentTimes(context.clock);
    const parts = { context, folder, places: plan.places, progress, spent, signal };
    const finisher = new Finisher(parts, (error) => end.abort(error));
    try {
      const providers = await carryOut(parts, plan, request.target, finisher);
      return resultOf(parts, plan.files, providers, (context.clock.now() - started) / 1000);
    } catch (error) {
      end.abort(error);
      throw error;
    } finally {
      await finisher.idle();
      await cleanUp(folder, plan.files);
    }
  } catch (error) {
    if (caller.aborted) throw abortOf(caller);
    // The first failure, not what followed from it.
    throw end.signal.aborted ? end.signal.reason : error;
  }
}

async function resolve(
  context: TransferContext,
  target: string,
  folder: TargetFolder,
  signal: AbortSignal,
): Promise<DownloadPlan> {
  const items = await context.refs.store.ask('resolve', { target }, { signal });
  if (items.length === 0) {
    throw failure('E_NOT_FOUND', 'nothing of that name in any share this node knows', { subject: target });
  }
  const rules: PathRules = {
    room: Math.max(MIN_ROOM, MAX_PATH - Buffer.byteLength(folder.path)),
    windows: process.platform === 'win32',
  };
  return await runSliced(planDownload(items, target, rules), context.clock, signal);
}

/** Addresses of the providers that gave something. */
async function carryOut(
  parts: DownloadParts,
  { files, shareIds }: DownloadPlan,
  target: string,
  finisher: Finisher,
): Promise<readonly string[]> {
  const { context, folder, progress, signal, spent } = parts;
  const started = context.clock.now();
  progress.filesTotal = files.length;
  progress.bytesTotal = bytesOf(files);
  await findPlaces(parts, files, new PlaceSurvey(parts));
  await checkFreeSpace(folder.path, bytesOf(files.filter(({ state }) => state !== 'done')));
  spent.planMs = context.clock.now() - started;

  const wanted = await takeLocal(parts, files, finisher);
  progress.phase = 'fetch';
  const fetched = await fetchMissing(parts, target, shareIds, wanted, finisher);
  progress.phase = 'finish';
  await finisher.idle();
  signal.throwIfAborted();
  await spent.finish.during(folder.syncNames());
  const missing = files.filter(({ state }) => state !== 'done');
  if (missing.length > 0) throw missingFiles(files, missing, fetched.error);
  return fetched.providers;
}

function resultOf(
  { folder, spent }: DownloadParts,
  files: readonly DownloadFile[],
  providers: readonly string[],
  seconds: number,
): DownloadResult {
  const bytes = bytesOf(files);
  const resumed = files.reduce((sum, file) => sum + file.resumed, 0);
  return {
    files: files.map((file) => ({
      content_id: file.contentId,
      path: folder.placeOf(file.place),
      bytes: file.size,
      resumed_bytes: file.resumed,
    })),
    bytes,
    seconds,
    rate: seconds > 0 ? (bytes - resumed) / seconds : 0,
    providers,
    spent: spent.inSeconds(),
  };
}

async function cleanUp(folder: TargetFolder, files: readonly DownloadFile[]): Promise<void> {
  if (files.every(({ state }) => state === 'done')) return;
  for (const { unfinished } of files) if (unfinished !== null) await folder.discard(unfinished);
  await folder.removeEmpty();
}

function checkedFolder(directory: string): string {
  if (isAbsolute(directory) && !directory.includes('\0')) return directory;
  throw failure('E_PATH_INVALID', 'a download goes to a folder named by its absolute path', {
    subject: directory,
  });
}

function abortOf(caller: AbortSignal): ActorError {
  const reason: unknown = caller.reason;
  return reason instanceof ActorError
    ? reason
    : failure('E_ABORTED', 'the download was cancelled', { cause: reason });
}

const bytesOf = (files: readonly DownloadFile[]): number => files.reduce((sum, { size }) => sum + size, 0);
