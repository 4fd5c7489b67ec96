import { Batch } from './batch.ts';
import type { FramePort, Link } from './frame.ts';

/** A link over a MessagePort. Frames cross by structured clone; what is named for transfer moves. */
export function portLink(port: FramePort): Link {
  const batch = new Batch((frames, transfer) => port.postMessage(frames, transfer));
  return {
    post: (frame, transfer) => batch.post(frame, transfer),
    append: (kind, key, body, transfer) => batch.append(kind, key, body, transfer),
    onFrames: (receive) => void port.on('message', receive),
    onClose: (closed) => void port.on('close', closed),
    flush: () => batch.flush(),
    close() {
      batch.flush();
      port.close();
    },
  };
}
