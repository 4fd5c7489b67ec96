import { createHash } from 'node:crypto';

/** SHA-256 over handshake frames as sent, each with its length. */
export interface Transcript {
  /** Adds a frame we send, length included. */
  sent(frame: Uint8Array): void;
  /** Adds the body of a frame we received: its length stands for the four octets in front. */
  received(body: Uint8Array): void;
  digest(): Uint8Array;
}

export function createTranscript(): Transcript {
  const hash = createHash('sha256');
  return {
    sent: (frame) => void hash.update(frame),
    received(body) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(body.length);
      hash.update(length).update(body);
    },
    digest: () => new Uint8Array(hash.digest()),
  };
}
