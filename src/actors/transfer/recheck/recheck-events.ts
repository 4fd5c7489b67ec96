import { failure } from '../../../errors.ts';
import { ActorError } from '../../../supervisor/contract/actor-error.ts';
import { sleep } from '../../../supervisor/contract/clock.ts';
import type { TransferContext } from '../context.ts';
import type { RecheckEvent, RecheckRequest } from '../contract.ts';
import { recheckResult } from './recheck-result.ts';
import type { RecheckEnd, Rechecks } from './rechecks.ts';

const PROGRESS_EVERY_MS = 100;

/**
 * A recheck as a stream: progress at most ten times a second, then its result. Whoever leaves it, and is the last to follow
 * it, pauses it.
 */
export async function* recheckEvents(
  context: TransferContext,
  rechecks: Rechecks,
  request: RecheckRequest,
  signal: AbortSignal,
): AsyncGenerator<RecheckEvent, void, undefined> {
  if (signal.aborted) throw abortOf(signal);
  const over = new AbortController();
  let end: RecheckEnd | null = null;
  const recheck = await rechecks.join(request, (ended) => {
    end = ended;
    over.abort();
  });
  const wake = AbortSignal.any([over.signal, signal]);
  try {
    for (;;) {
      await sleep(context.clock, PROGRESS_EVERY_MS, wake).catch(() => {});
      const ended = end as RecheckEnd | null;
      if (ended === null && signal.aborted) throw abortOf(signal);
      if (ended !== null && ended.kind !== 'done') throw errorOf(ended);
      yield { kind: 'progress', progress: recheck.joined.progress(context.clock.now()) };
      if (ended === null) continue;
      yield { kind: 'done', result: await recheckResult(context, recheck.joined) };
      return;
    }
  } finally {
    recheck.leave();
    if (end === null && !rechecks.follows(recheck.joined)) await rechecks.pause(recheck.joined);
  }
}

function errorOf(end: Exclude<RecheckEnd, { kind: 'done' }>): ActorError {
  if (end.kind === 'failed') return end.error;
  if (end.kind === 'left') return failure('E_ABORTED', 'the node stops: the next start goes on with it');
  const what = end.kind === 'paused' ? 'paused' : 'cancelled';
  return failure('E_ABORTED', `the recheck was ${what}`, { next: 'granary verify begins or goes on' });
}

function abortOf(signal: AbortSignal): ActorError {
  const reason: unknown = signal.reason;
  return reason instanceof ActorError
    ? reason
    : failure('E_ABORTED', 'the recheck was left', { cause: reason });
}
