import { CHUNK_SIZE } from '../objects/chunks.ts';
import { LENGTH_PREFIX } from '../wire/limits.ts';
import { TAG_LENGTH } from './cipher-state.ts';
import type { NoiseSession } from './noise-xx.ts';

/**
 * Plaintext of one record: a chunk with the frame around it. Noise itself ends its messages at 64 KiB, but every record costs a
 * cipher of its own, and a chunk was five of them (DECISIONS, D75).
 */
export const MAX_RECORD = CHUNK_SIZE + 1_024;
/** A record as it is sent. */
export const MAX_SEALED_RECORD = MAX_RECORD + TAG_LENGTH;
const NOTHING = new Uint8Array(0);

/** A Noise message as a frame of the stream: its length in four octets, as every frame has it, then the message. */
export function noiseFrame(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([prefixOf(parts), ...parts]);
}

/** The records of a sealed session: what is said is cut into them, wherever the frames inside begin and end. */
export class SealedRecords {
  readonly #session: NoiseSession;

  constructor(session: NoiseSession) {
    this.#session = session;
  }

  /** The octets to send for these, in pieces one after another; to be freed when they are sent. */
  seal(bytes: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += MAX_RECORD) {
      const sealed = this.#session.send.seal(bytes.subarray(at, at + MAX_RECORD), NOTHING);
      pieces.push(prefixOf(sealed), ...sealed);
    }
    return pieces;
  }

  /**
   * What the body of a frame holds. Null: it is not the next record of the other side; one that is changed, left out, said
   * twice or out of its order is not, and there is no going on after it. To be freed when it is read.
   */
  open(body: Uint8Array): Uint8Array | null {
    return this.#session.receive.open(body, NOTHING);
  }
}

/**
 * Gives back the memory of a piece that nobody reads any more. Node makes a buffer for each that it encrypts or decrypts, and
 * left to the garbage collector they cost three times as much as the sealing itself.
 */
export function freePiece({ buffer, byteLength }: Uint8Array): void {
  // Short ones share a buffer with others.
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}

function prefixOf(parts: readonly Uint8Array[]): Uint8Array {
  const prefix = Buffer.allocUnsafe(LENGTH_PREFIX);
  prefix.writeUInt32BE(parts.reduce((sum, { length }) => sum + length, 0));
  return prefix;
}
