import { isAbsolute } from 'node:path';
import { failure } from '../../errors.ts';
import { runSliced } from '../run-sliced.ts';
import type { ItemRow } from '../share-types.ts';
import { adoptFiles } from './adopt-files.ts';
import { checkDone } from './check-done.ts';
import type { TransferContext } from './context.ts';
import type { DownloadResult } from './contract.ts';
import type { DownloadFile } from './download-file.ts';
import type { DownloadParts } from './download-parts.ts';
import { fetchMissing } from './fetch-missing.ts';
import type { FetchWork } from './fetch-work.ts';
import { findPlaces } from './find-places.ts';
import { Finisher } from './finisher.ts';
import type { FetchOrder } from './free-chunks.ts';
import type { FreeSpace } from './free-space.ts';
import { matchesGlob } from './glob.ts';
import { HeldKeeper } from './held-keeper.ts';
import { missingFiles } from './missing-files.ts';
import { PlaceSurvey } from './place-survey.ts';
import { planAgain } from './plan-again.ts';
import { type DownloadPlan, planDownload } from './plan-download.ts';
import { ProgressKeeper } from './progress-keeper.ts';
import type { ProgressMeter } from './progress-meter.ts';
import { orRemovedUnfinished } from './removed-unfinished.ts';
import { restoreFiles } from './restore-files.ts';
import type { PathRules } from './safe-path.ts';
import { SpentTimes } from './spent-times.ts';
import { takeLocal } from './take-local.ts';
import { TargetFolder } from './target-folder.ts';
import type { Transfer } from './transfer.ts';

/** Octets of a whole path; an unfinished name, and the number of one that was taken, fit into what is left. */
const MAX_PATH = (process.platform === 'darwin' ? 1024 : 4096) - 32;
/** However long the path of the target folder is. */
const MIN_ROOM = 255;

/** What one run of a transfer needs. */
export interface DownloadRun {
  readonly context: TransferContext;
  readonly transfer: Transfer;
  readonly progress: ProgressMeter;
  readonly space: FreeSpace;
  /** Ends the run; what came stays. */
  readonly caller: AbortSignal;
}

/**
 * One run of a transfer: from its target, or from what an earlier run left, to finished files. Whatever becomes of it,
 * finished files stay, and so do unfinished ones that hold verified chunks; how far they are is in the ledger when it
 * settles. Aborting `caller` rejects with `E_ABORTED` once that is so.
 */
export async function runDownload(run: DownloadRun): Promise<DownloadResult> {
  const { context, transfer, progress, space, caller } = run;
  const started = context.clock.now();
  const end = new AbortController();
  const signal = AbortSignal.any([caller, end.signal]);
  const abort = (error: unknown) => end.abort(error);
  try {
    const folder = new TargetFolder(checkedFolder(transfer.directory), transfer.id, transfer.folders);
    const counts = () => progress.counts;
    const look = () => space.checkReserve(folder.path);
    const keeper = new ProgressKeeper(context, transfer.id, folder, { counts, look, failed: abort });
    const plan = transfer.planned
      ? await plannedBefore(context, transfer, signal)
      : await planNow(context, transfer, folder, signal);
    const spent = new SpentTimes(context.clock);
    const { places, shareIds } = plan;
    const held = new HeldKeeper(context, (file) => keeper.changed(file));
    const order = () => orderOf(transfer, context.config.readAheadBytes);
    const parts = { context, shareIds, order, folder, places, progress, keeper, held, spent, signal, abort };
    let work: FetchWork | null = null;
    let release = () => {};
    const finisher = new Finisher(parts, (file) => work?.again(file));
    try {
      await settlePlan(parts, transfer, plan);
      release = await space.claim(folder.path, () => progress.left - roomHeld(plan.files));
      const providers = await carryOut(parts, transfer, plan, finisher, (begun) => {
        work = begun;
      });
      return resultOf(parts, plan.files, providers, (context.clock.now() - started) / 1000);
    } catch (error) {
      end.abort(error);
      throw error;
    } finally {
      release();
      await finisher.idle();
      await tidy(folder, plan.files);
      await held.idle();
      await keeper.close();
    }
  } catch (error) {
    if (caller.aborted) throw failure('E_ABORTED', 'the run was ended', { cause: caller.reason });
    // The first failure, not what followed from it.
    throw orRemovedUnfinished(end.signal.aborted ? end.signal.reason : error, transfer.id);
  }
}

/** The seed is the transfer's own: two nodes that begin together do not ask for the same chunks. */
function orderOf({ id, options }: Transfer, windowBytes: number): FetchOrder {
  if (options.sequential) return { kind: 'sequential', windowBytes };
  return { kind: 'spread', seed: Number.parseInt(id.slice(0, 8), 16) };
}

async function planNow(
  context: TransferContext,
  transfer: Transfer,
  folder: TargetFolder,
  signal: AbortSignal,
): Promise<DownloadPlan> {
  const { target } = transfer;
  const items: ItemRow[] = [];
  for (let cursor: number | null = 0; cursor !== null; ) {
    const page: { items: readonly ItemRow[]; next: number | null } = await context.refs.store.ask(
      'resolve',
      { target, cursor },
      { signal },
    );
    items.push(...page.items);
    cursor = page.next;
  }
  if (items.length === 0) {
    throw failure('E_NOT_FOUND', 'nothing of that name in any share this node knows', { subject: target });
  }
  const rules: PathRules = {
    room: Math.max(MIN_ROOM, MAX_PATH - Buffer.byteLength(folder.path)),
    windows: process.platform === 'win32',
  };
  const wanted = selected(items, transfer.options.only ?? []);
  if (wanted.length === 0) {
    throw failure('E_NOT_FOUND', 'no file of it matches what was asked for', { subject: target });
  }
  return await runSliced(planDownload(wanted, target, rules), context.clock, signal);
}

function selected(items: readonly ItemRow[], only: readonly string[]): readonly ItemRow[] {
  if (only.length === 0) return items;
  return items.filter(({ path, name }) => only.some((pattern) => matchesGlob(path ?? name, pattern)));
}

async function plannedBefore(
  context: TransferContext,
  transfer: Transfer,
  signal: AbortSignal,
): Promise<DownloadPlan> {
  const files = await context.refs.store.ask('transferFiles', { id: transfer.id }, { signal });
  const plan = await runSliced(planAgain(files, transfer.shareIds), context.clock, signal);
  return plan;
}

/** Where each file goes, and what of it lies there or elsewhere on this disk. */
async function settlePlan(parts: DownloadParts, transfer: Transfer, { files }: DownloadPlan): Promise<void> {
  const { context, progress, spent } = parts;
  const started = context.clock.now();
  progress.filesTotal = files.length;
  progress.bytesTotal = bytesOf(files);
  const again = transfer.planned;
  const { adopt } = transfer.options;
  if (again) await checkDone(parts, files);
  if (adopt !== undefined) await adoptFiles(parts, files, adopt);
  await findPlaces(parts, files, new PlaceSurvey(parts));
  // A first run finds something where the ledger of an earlier one was lost.
  await restoreFiles(parts, files);
  spent.planMs = context.clock.now() - started;
}

/** Addresses of the providers that gave something. */
async function carryOut(
  parts: DownloadParts,
  transfer: Transfer,
  { files, shareIds }: DownloadPlan,
  finisher: Finisher,
  begins: (work: FetchWork) => void,
): Promise<readonly string[]> {
  const { context, folder, progress, signal, spent } = parts;
  await writePlan(context, transfer, folder, { files, shareIds });
  progress.phase = 'fetch';
  const wanted = await takeLocal(parts, files, finisher);
  const fetched = await fetchMissing(parts, transfer.target, shareIds, wanted, finisher, begins);
  progress.phase = 'finish';
  await finisher.idle();
  signal.throwIfAborted();
  await spent.finish.during(folder.syncNames());
  const missing = files.filter(({ state }) => state !== 'done');
  if (missing.length > 0) throw missingFiles(files, missing, fetched.error);
  return fetched.providers;
}

/** From here on the transfer can go on after any end of this process. */
async function writePlan(
  { refs }: TransferContext,
  transfer: Transfer,
  folder: TargetFolder,
  { files, shareIds }: Pick<DownloadPlan, 'files' | 'shareIds'>,
): Promise<void> {
  const [only] = files;
  const single = files.length === 1 && only !== undefined;
  const again = transfer.planned;
  transfer.shareIds = shareIds;
  transfer.filesTotal = files.length;
  transfer.bytesTotal = bytesOf(files);
  transfer.contentId = single ? only.contentId : null;
  transfer.path = single ? (only.lies ?? folder.placeOf(only.place)) : folder.path;
  if (!again) transfer.folders = await folder.absentFor(files.map(({ place }) => place));
  const stored = { ...transfer.stored(), planned: true };
  if (again) await refs.store.ask('putTransfer', stored);
  else await refs.store.ask('planTransfer', { transfer: stored, files: files.map((file) => file.stored()) });
  transfer.planned = true;
}

/** Of unfinished files, those without any verified chunk are not worth keeping. */
async function tidy(folder: TargetFolder, files: readonly DownloadFile[]): Promise<void> {
  for (const file of files) {
    if (file.unfinished === null || file.have.count > 0) continue;
    await folder.discard(file.unfinished);
    file.unfinished = null;
  }
  if (files.some(({ state }) => state !== 'done')) await folder.removeEmpty();
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
      path: file.lies ?? folder.placeOf(file.place),
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

export function checkedFolder(directory: string): string {
  if (isAbsolute(directory) && !directory.includes('\0')) return directory;
  throw failure('E_PATH_INVALID', 'a download goes to a folder named by its absolute path', {
    subject: directory,
  });
}

/** Octets still to come for which the disk has set room aside. */
const roomHeld = (files: readonly DownloadFile[]): number =>
  files.reduce(
    (sum, { allocated, state, size, bytes }) => sum + (allocated && state === 'missing' ? size - bytes : 0),
    0,
  );

const bytesOf = (files: readonly DownloadFile[]): number => files.reduce((sum, { size }) => sum + size, 0);
