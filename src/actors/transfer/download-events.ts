import { failure } from '../../errors.ts';
import { ActorError } from '../../supervisor/contract/actor-error.ts';
import { sleep } from '../../supervisor/contract/clock.ts';
import type { TransferContext } from './context.ts';
import type { DownloadEvent, DownloadProgress, DownloadRequest } from './contract.ts';
import { isFull, type Transfer } from './transfer.ts';
import type { Outcome, TransferQueue } from './transfer-queue.ts';

const PROGRESS_EVERY_MS = 100;

/**
 * A transfer as a stream: progress at most ten times a second, then its result. Whoever leaves it, and is the last to
 * follow it, pauses it: what came stays, and the same request goes on.
 */
export async function* downloadEvents(
  context: TransferContext,
  queue: TransferQueue,
  request: DownloadRequest,
  signal: AbortSignal,
): AsyncGenerator<DownloadEvent, void, undefined> {
  if (signal.aborted) throw abortOf(signal);
  const transfer = await queue.add(request);
  const over = new AbortController();
  let outcome: Outcome | null = null;
  const unfollow = queue.follow(transfer, (ended) => {
    outcome = ended;
    over.abort();
  });
  const wake = AbortSignal.any([over.signal, signal]);
  try {
    let last = progressOf(context, transfer);
    for (;;) {
      await sleep(context.clock, PROGRESS_EVERY_MS, wake).catch(() => {});
      const ended = outcome as Outcome | null;
      if (ended === null && signal.aborted) throw abortOf(signal);
      if (ended !== null && ended.kind !== 'done') throw errorOf(ended, transfer);
      last = ended === null ? progressOf(context, transfer) : finalOf(transfer);
      yield { kind: 'progress', progress: last };
      if (ended === null) continue;
      yield { kind: 'done', result: ended.result };
      return;
    }
  } finally {
    unfollow();
    if (outcome === null && !queue.follows(transfer)) await queue.pause(transfer);
  }
}

function progressOf({ clock }: TransferContext, transfer: Transfer): DownloadProgress {
  const live = transfer.progress?.at(clock.now());
  if (live !== undefined) return live;
  const { files, filesTotal, bytes, bytesTotal } = transfer;
  return {
    ...{
      phase: isFull(transfer) ? 'waiting' : 'queued',
      files,
      files_total: filesTotal,
      bytes,
      bytes_total: bytesTotal,
    },
    ...{ rate: 0, eta: null, peers: 0 },
  };
}

function finalOf({ filesTotal, bytesTotal }: Transfer): DownloadProgress {
  return {
    ...{ phase: 'finish', files: filesTotal, files_total: filesTotal, bytes: bytesTotal },
    ...{ bytes_total: bytesTotal, rate: 0, eta: 0, peers: 0 },
  };
}

function errorOf(outcome: Exclude<Outcome, { kind: 'done' }>, { id }: Transfer): unknown {
  if (outcome.kind === 'failed') return toldOf(outcome.error, id);
  if (outcome.kind === 'left') return failure('E_ABORTED', 'the node stops');
  const [what, next] =
    outcome.kind === 'paused' ? ['paused', `granary resume ${id} goes on with it`] : ['cancelled', undefined];
  return failure('E_ABORTED', `the download was ${what}`, { subject: id, next });
}

/** What may pass is tried again without whoever hears of it. */
function toldOf(error: unknown, id: string): unknown {
  if (!(error instanceof ActorError) || !error.retryable) return error;
  const { code, message, subject, cause } = error;
  return new ActorError(code, message, {
    ...{ subject, cause, retryable: true },
    next: `the node tries again by itself: granary queue shows it, granary cancel ${id} ends it`,
  });
}

function abortOf(signal: AbortSignal): ActorError {
  const reason: unknown = signal.reason;
  return reason instanceof ActorError
    ? reason
    : failure('E_ABORTED', 'the download was cancelled', { cause: reason });
}
