import { parentPort, workerData } from 'node:worker_threads';
import { change } from './hand-over.ts';

const { moves } = workerData as { moves: boolean };
parentPort?.on('message', (bytes: Uint8Array<ArrayBuffer>) => {
  change(bytes);
  parentPort?.postMessage(bytes, moves ? [bytes.buffer] : []);
});
