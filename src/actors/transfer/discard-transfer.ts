import { toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import type { TransferContext } from './context.ts';
import { TargetFolder } from './target-folder.ts';
import type { Transfer } from './transfer.ts';

/** Removes what lies on the disk of a transfer that is not wanted any more: unfinished files, and folders for nothing. */
export async function discardTransfer(context: TransferContext, transfer: Transfer): Promise<void> {
  if (!transfer.planned) return;
  const folder = new TargetFolder(transfer.directory, transfer.id, transfer.folders);
  try {
    for (const { place, position, state } of await context.refs.store.ask('transferFiles', {
      id: transfer.id,
    })) {
      if (state !== 'done') await folder.discard(folder.unfinishedPath(place, position));
    }
  } catch (error) {
    context.log.warn(
      { transfer: transfer.id, error: toErrorRecord(error) },
      'unfinished files of a transfer may be left',
    );
  }
  await folder.removeEmpty();
}
