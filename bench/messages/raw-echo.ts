import { parentPort } from 'node:worker_threads';

// The limit: the same bodies over a bare port. An array is a batch of one-way messages, a record is echoed.
let noted = 0;
parentPort?.on('message', (message: unknown) => {
  if (Array.isArray(message)) noted += message.length;
  else if (message === 'noted') parentPort?.postMessage(noted);
  else parentPort?.postMessage(message);
});
