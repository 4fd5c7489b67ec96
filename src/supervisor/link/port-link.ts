import { MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { Batch } from './batch.ts';
import type { Frame, FramePort, Link } from './frame.ts';

/** A link over a MessagePort. Frames cross by structured clone; what is named for transfer moves. */
export function portLink(port: FramePort): Link {
  const batch = new Batch((frames, transfer) => {
    // Even an empty list is walked as an iterable, across the border of the engine.
    if (transfer.length > 0) port.postMessage(frames, transfer);
    else port.postMessage(frames);
  });
  let received: (frames: readonly Frame[]) => void = () => {};

  return {
    post: (frame, transfer) => batch.post(frame, transfer),
    append: (kind, key, body, transfer) => batch.append(kind, key, body, transfer),
    onFrames(receive) {
      received = receive;
      port.on('message', receive);
    },
    onClose: (closed) => void port.on('close', closed),
    drain() {
      // Ports of the virtual world deliver in the order of that world alone.
      if (!(port instanceof MessagePort)) return;
      for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
        received(next.message);
    },
    flush: () => batch.flush(),
    close() {
      batch.flush();
      port.close();
    },
  };
}
