import { parentPort, workerData } from 'node:worker_threads';
import { ActorError, toErrorRecord } from '../../supervisor/contract/actor-error.ts';
import { type BackupOrder, writeBackup } from './backup-file.ts';
import { storeFailure } from './store-failure.ts';

// The thread of one backup: reading everything takes as long as it takes, and the store's own thread goes on.
const order = workerData as BackupOrder;
try {
  parentPort!.postMessage({ made: writeBackup(order) });
} catch (error) {
  const known = storeFailure(error, order.target);
  if (!(known instanceof ActorError)) throw error;
  parentPort!.postMessage({ error: toErrorRecord(known) });
}
