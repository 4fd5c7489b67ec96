// A hashing thread of the download-path spike: hashes, compares and writes slots of shared memory.
import fs from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { blake3 } from '@napi-rs/blake-hash';
import { CHUNK, FRAME } from './chunk-frame.ts';
import { CLAIMED, DONE, FIRST_ENTRY, type HashingStart, QUEUED } from './chunk-slab.ts';

const { slots, stride, ring, plan } = workerData as HashingStart;
const control = new Int32Array(ring);
const count = slots.byteLength / stride;
const expected = fs.readFileSync(plan.hashes);
const fd = fs.openSync(plan.out, 'r+');

function verify(slot: number): void {
  const at = slot * stride + plan.payloadAt;
  const payload = new Uint8Array(slots, at, CHUNK);
  const index = new DataView(slots).getUint32(at - (FRAME - CHUNK));
  if (!blake3(payload as unknown as Buffer).equals(expected.subarray(index * 32, index * 32 + 32))) {
    throw new Error(`chunk ${index} is damaged`);
  }
  fs.writeSync(fd, payload, 0, CHUNK, index * CHUNK);
}

parentPort?.postMessage('up');
if (plan.mode === 'a-post') {
  parentPort?.on('message', (batch: number[]) => {
    batch.forEach(verify);
    parentPort?.postMessage(batch);
  });
} else {
  // The plan's chunks end the loop for whoever claims the last one; the process ends the other threads.
  for (let written = 0; written < plan.size / CHUNK; ) {
    const queued = Atomics.load(control, QUEUED);
    const claimed = Atomics.load(control, CLAIMED);
    if (claimed === queued) {
      Atomics.wait(control, QUEUED, queued);
      continue;
    }
    const slot = Atomics.load(control, FIRST_ENTRY + (claimed % count));
    if (Atomics.compareExchange(control, CLAIMED, claimed, claimed + 1) !== claimed) continue;
    verify(slot);
    Atomics.store(control, FIRST_ENTRY + count + slot, 1);
    Atomics.add(control, DONE, 1);
    Atomics.notify(control, DONE);
    written += 1;
  }
}
