import type { MessagePort, TransferListItem } from 'node:worker_threads';
import type { Frame, Link } from './frame.ts';

/**
 * A link over a MessagePort. Frames posted in one turn of the event loop leave as one message: a lone post
 * costs as much as a batch of dozens, nearly all of it waking the other thread.
 */
export function portLink(port: MessagePort): Link {
  let batch: Frame[] = [];
  let moved: TransferListItem[] = [];
  let scheduled = false;

  const flush = () => {
    if (batch.length === 0) return;
    const frames = batch;
    const transfer = moved;
    batch = [];
    moved = [];
    port.postMessage(frames, transfer);
  };
  const endOfTurn = () => {
    scheduled = false;
    flush();
  };

  return {
    post(frame, transfer) {
      batch.push(frame);
      if (transfer) moved.push(...transfer);
      if (scheduled) return;
      scheduled = true;
      // A microtask would run before the other microtasks of this turn have posted; the tick queued from
      // inside a microtask runs once all of them are done, and still before the loop goes on.
      queueMicrotask(() => process.nextTick(endOfTurn));
    },
    onFrames(receive) {
      port.on('message', receive);
    },
    flush,
    close() {
      flush();
      port.close();
    },
  };
}
