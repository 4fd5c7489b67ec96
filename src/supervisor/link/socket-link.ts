import type { Duplex } from 'node:stream';
import { checkFrame } from './check-frames.ts';
import type { Frame, Link } from './frame.ts';
import { FrameSplitter } from './frame-splitter.ts';
import { BadMessageError, packBody, unpackBody } from './message-pack.ts';

/** Bytes of one frame: a page of rows fits, a file does not. */
const MAX_FRAME = 64 * 2 ** 20;

/**
 * A link over a byte stream, for what is not a thread of this process: each frame is a u32 length, big-endian, and as
 * many bytes of msgpack. Frames of one turn leave in one write. What msgpack does not carry throws at `post`, and so
 * does what is named for transfer: nothing moves between processes. Bytes that are no frames end the stream.
 */
export function socketLink(socket: Duplex, limit = MAX_FRAME): Link {
  const splitter = new FrameSplitter(limit);
  let receive: (frames: readonly Frame[]) => void = () => {};
  let corked = false;

  const post = (frame: Frame, transfer?: readonly unknown[]) => {
    if (transfer && transfer.length > 0) throw new TypeError('nothing moves over a socket');
    const bytes = packBody(frame, limit);
    if (!socket.writable) return;
    if (!corked) {
      corked = true;
      socket.cork();
      queueMicrotask(() => process.nextTick(flush));
    }
    socket.write(bytes);
  };
  const flush = () => {
    if (!corked) return;
    corked = false;
    socket.uncork();
  };

  // Errors end the stream, and its close says so to whoever listens.
  socket.on('error', () => {});
  // Nothing is read before somebody takes the frames.
  const read = (piece: Buffer) => {
    try {
      const frames: Frame[] = [];
      for (const body of splitter.push(piece)) {
        const frame = checkFrame(unpackBody(body));
        if (frame === null) throw new BadMessageError('no frame of a link');
        frames.push(frame);
      }
      if (frames.length > 0) receive(frames);
    } catch (error) {
      socket.destroy(error as Error);
    }
  };

  return {
    post,
    append: (kind, key, body, transfer) => post([kind, key, [body]] as Frame, transfer),
    onFrames(listener) {
      receive = listener;
      if (socket.listenerCount('data') === 0) socket.on('data', read);
    },
    onClose: (closed) => void socket.once('close', closed),
    flush,
    close() {
      flush();
      socket.end(() => socket.destroy());
    },
  };
}
