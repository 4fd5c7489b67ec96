import { sleep } from '../../supervisor/contract/clock.ts';
import type { TransferContext } from './context.ts';
import type { DownloadEvent, DownloadRequest, DownloadResult } from './contract.ts';
import { ProgressMeter } from './progress-meter.ts';
import { runDownload } from './run-download.ts';

const PROGRESS_EVERY_MS = 100;

/** A download as a stream: progress at most ten times a second, then its result. Leaving the stream cancels it. */
export async function* downloadEvents(
  context: TransferContext,
  request: DownloadRequest,
  signal: AbortSignal,
): AsyncGenerator<DownloadEvent, void, undefined> {
  const left = new AbortController();
  const over = new AbortController();
  const progress = new ProgressMeter();
  let outcome: { readonly result: DownloadResult } | { readonly error: unknown } | null = null;
  const running = runDownload(
    context,
    request,
    progress,
    AbortSignal.any([signal, context.signal, left.signal]),
  )
    .then(
      (result) => {
        outcome = { result };
      },
      (error) => {
        outcome = { error };
      },
    )
    .finally(() => over.abort());
  try {
    for (;;) {
      await sleep(context.clock, PROGRESS_EVERY_MS, over.signal).catch(() => {});
      const ended = outcome as { readonly result: DownloadResult } | { readonly error: unknown } | null;
      if (ended === null || 'result' in ended)
        yield { kind: 'progress', progress: progress.at(context.clock.now()) };
      if (ended === null) continue;
      if ('error' in ended) throw ended.error;
      yield { kind: 'done', result: ended.result };
      return;
    }
  } finally {
    left.abort();
    await running;
  }
}
