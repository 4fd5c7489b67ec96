import { decode, encode } from '@msgpack/msgpack';
import { FrameTooLargeError, withLength } from './frame-splitter.ts';
import { MAX_DEPTH } from './limits.ts';
import { checkShape } from './msgpack-shape.ts';

/** The bytes are no value that this socket carries. */
export class BadMessageError extends Error {
  override readonly name = 'BadMessageError';
}

/**
 * A value as a frame, length in front. `undefined` members are left out. Throws `FrameTooLargeError` above the
 * limit. Big integers are refused: 64-bit numbers have no place in answers.
 */
export function packFrame(value: unknown, limit: number): Buffer {
  const body = encode(value, { ignoreUndefined: true, maxDepth: MAX_DEPTH });
  if (body.length > limit)
    throw new FrameTooLargeError(`an answer of ${body.length} bytes, ${limit} are allowed`);
  return withLength(body);
}

/** The value of a frame. Throws `BadMessageError` for anything else, having allocated nothing much. */
export function unpackFrame(frame: Uint8Array): unknown {
  const fault = checkShape(frame, MAX_DEPTH);
  if (fault !== null) throw new BadMessageError(fault);
  try {
    return decode(frame);
  } catch (error) {
    throw new BadMessageError(error instanceof Error ? error.message : String(error));
  }
}
