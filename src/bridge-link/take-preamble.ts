import type { Socket } from 'node:net';
import { DecodeError } from '../protocol/cbor/decode-error.ts';
import { PreambleReader } from './preamble.ts';

/**
 * Takes exactly the preamble off a socket, so that what follows is left for whoever reads on. `heard` is called once, with
 * its JSON; `broken` where there is none, or where `heard` can make nothing of it. Returns how to wait no longer.
 */
export function takePreamble(
  socket: Socket,
  heard: (json: Uint8Array) => void,
  broken: (error: DecodeError) => void,
): () => void {
  const reader = new PreambleReader();
  const stop = () => void socket.off('readable', more);
  const more = () => {
    try {
      while (reader.missing > 0 && socket.readableLength > 0) {
        const piece: Buffer | null = socket.read(Math.min(reader.missing, socket.readableLength));
        if (piece === null) return;
        const json = reader.add(piece);
        if (json === null) continue;
        stop();
        return heard(json);
      }
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      stop();
      broken(error);
    }
  };
  socket.on('readable', more);
  return stop;
}
