import type tls from 'node:tls';
import { Worker } from 'node:worker_threads';
import { CHUNK, FRAME, type ReceivePlan } from './chunk-frame.ts';
import type { Sink } from './chunk-sink.ts';

/** What a hashing thread starts with. Slots are `stride` bytes apart; `ring` is the control memory. */
export interface HashingStart {
  slots: SharedArrayBuffer;
  stride: number;
  ring: SharedArrayBuffer;
  plan: ReceivePlan;
}

/** Words of the control memory: three counters, the queue of slot numbers, then one mark a slot: 1 is hashed and written. */
export const CLAIMED = 0;
export const QUEUED = 1;
export const DONE = 2;
export const FIRST_ENTRY = 3;

/** Slots of shared memory between the thread that receives and the threads that hash and write. */
export interface Slab {
  /** Settles when every hashing thread is up. */
  started: Promise<unknown>;
  sink(socket: () => tls.TLSSocket): Sink;
}

/** Opens the slab and its threads; `finish` is called when every chunk of the plan is written. */
export function openSlab(plan: ReceivePlan, finish: () => void): Slab {
  // A connection always owns the slot it fills, for bytes that still come after pause(); so one extra slot each.
  const count = plan.slots + plan.connections;
  const stride = plan.payloadAt + CHUNK;
  const slots = new SharedArrayBuffer(count * stride);
  const ring = new SharedArrayBuffer(4 * (FIRST_ENTRY + 2 * count));
  const control = new Int32Array(ring);
  const byMessage = plan.mode === 'a-post';
  const free = Array.from({ length: count }, (_, slot) => slot);
  const paused: tls.TLSSocket[] = [];
  const chunks = plan.size / CHUNK;
  let done = 0;

  const release = (released: ArrayLike<number>): void => {
    for (let i = 0; i < released.length; i += 1) free.push(released[i] as number);
    done += released.length;
    while (paused.length > 0 && free.length > plan.connections) paused.shift()?.resume();
    if (done === chunks) finish();
  };

  const start: HashingStart = { slots, stride, ring, plan };
  const threads = Array.from({ length: plan.workers }, () => {
    return new Worker(new URL('./chunk-hasher.ts', import.meta.url), { workerData: start });
  });
  const started = Promise.all(
    threads.map((thread) => {
      // A damaged chunk is thrown in the thread and must end the run.
      thread.on('error', (error) => {
        throw error;
      });
      return new Promise<void>((resolve) => {
        thread.once('message', () => {
          if (byMessage) thread.on('message', release);
          resolve();
        });
      });
    }),
  );

  // By message: what became full in one turn of the loop goes out together.
  const outbox: number[][] = threads.map(() => []);
  let turn = 0;
  let flushing = false;
  const flush = (): void => {
    flushing = false;
    for (const [i, batch] of outbox.entries()) {
      if (batch.length > 0) threads[i]?.postMessage(batch);
      outbox[i] = [];
    }
  };

  // By atomics: threads claim entries in order, so unclaimed ones never outnumber the slots and the queue cannot overflow.
  let collected = 0;
  let inFlight: number[] = [];
  const collect = (): void => {
    if (Atomics.load(control, DONE) === collected) return;
    const finished = (slot: number): boolean => Atomics.load(control, FIRST_ENTRY + count + slot) === 1;
    const released = inFlight.filter(finished);
    inFlight = inFlight.filter((slot) => !released.includes(slot));
    collected += released.length;
    release(released);
  };
  let watching = false;
  const watch = (): void => {
    if (watching || collected === chunks) return;
    watching = true;
    const wait = Atomics.waitAsync(control, DONE, collected);
    const woken = (): void => {
      watching = false;
      collect();
      if (paused.length > 0 || collected + inFlight.length === chunks) watch();
    };
    if (wait.async) void wait.value.then(woken);
    else setImmediate(woken);
  };

  const queue = (slot: number): void => {
    if (byMessage) {
      outbox[turn % threads.length]?.push(slot);
      turn += 1;
      if (!flushing) setImmediate(flush);
      flushing = true;
      return;
    }
    const queued = Atomics.load(control, QUEUED);
    Atomics.store(control, FIRST_ENTRY + (queued % count), slot);
    Atomics.store(control, FIRST_ENTRY + count + slot, 0);
    inFlight.push(slot);
    Atomics.store(control, QUEUED, queued + 1);
    Atomics.notify(control, QUEUED, 1);
    if (collected + inFlight.length === chunks) watch();
  };

  const sink = (socket: () => tls.TLSSocket): Sink => {
    let slot = free.pop() as number;
    let filled = 0;
    return {
      place: () =>
        new Uint8Array(slots, slot * stride + plan.payloadAt - (FRAME - CHUNK) + filled, FRAME - filled),
      received(bytes) {
        filled += bytes;
        if (filled < FRAME) return true;
        filled = 0;
        queue(slot);
        if (!byMessage && free.length <= plan.connections) collect();
        slot = free.pop() as number;
        if (slot === undefined) throw new Error('more came after pause() than one slot takes');
        if (free.length >= plan.connections) return true;
        paused.push(socket());
        socket().pause();
        if (!byMessage) watch();
        return true;
      },
    };
  };
  return { started, sink };
}
