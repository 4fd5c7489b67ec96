import type { RecheckEntry } from '../../../control-link/results.ts';
import type { RecheckResult, RecheckRow } from '../../transfer/contract.ts';
import type { ControlRefs } from '../control-refs.ts';
import { type AskOperation, finished, type StreamOperation } from '../operation.ts';
import { instant } from './instant.ts';
import { shareIdOf } from './share-name.ts';

export const verify: StreamOperation<'verify'> = async function* (refs, body, signal) {
  const { repair, forget } = body;
  const request = { shareId: await idOf(refs, body.share, signal), repair, forget };
  let result: RecheckResult | null = null;
  for await (const event of refs.transfer.stream('recheck', request, { signal })) {
    if (event.kind === 'done') result = event.result;
    else yield { event: 'progress', ...event.progress };
  }
  return finished(result, 'recheck');
};

/** Without a share: all of them. */
export const rechecks: AskOperation<'rechecks'> = async (refs, body, signal) => {
  const shareId = await idOf(refs, body.share, signal);
  const rows = await refs.transfer.ask('rechecks', null, { signal });
  return listed(rows.filter((row) => shareId === null || row.share_id === shareId));
};

export const cancelRechecks: AskOperation<'cancel_rechecks'> = async (refs, body, signal) => {
  const shareId = await idOf(refs, body.share, signal);
  return listed(await refs.transfer.ask('cancelRechecks', { shareId }, { signal }));
};

async function idOf(refs: ControlRefs, share: string | null, signal: AbortSignal): Promise<string | null> {
  return share === null ? null : await shareIdOf(refs, share, signal);
}

const listed = (rows: readonly RecheckRow[]): { rechecks: RecheckEntry[] } => ({
  rechecks: rows.map((row) => ({ ...row, started: instant(row.started), ended: instant(row.ended) })),
});
