import { decode, ExtensionCodec, encode } from '@msgpack/msgpack';
import { FrameTooLargeError, withLength } from './frame-splitter.ts';
import { checkShape } from './msgpack-shape.ts';

/** Depth of values on a socket: the deepest message has seven levels. */
const MAX_DEPTH = 16;

/** The bytes are no value that this socket carries. */
export class BadMessageError extends Error {
  override readonly name = 'BadMessageError';
}

/**
 * A value as a frame, length in front. `undefined` members are left out. Throws `FrameTooLargeError` above the
 * limit. Big integers are refused: 64-bit numbers have no place in answers.
 */
export function packFrame(value: unknown, limit: number): Buffer {
  return framed(encode(value, { ignoreUndefined: true, maxDepth: MAX_DEPTH }), limit);
}

/** The value of a frame. Throws `BadMessageError` for anything else, having allocated nothing much. */
export function unpackFrame(frame: Uint8Array): unknown {
  return decoded(frame, {});
}

/**
 * As `packFrame`, for messages between actors: big integers of 64 bits are themselves on the other side, and what a
 * socket cannot carry (sockets, keys, maps, instances of classes) throws a `TypeError` instead of arriving empty.
 */
export function packBody(value: unknown, limit: number): Buffer {
  const options = {
    ignoreUndefined: true,
    maxDepth: MAX_DEPTH,
    useBigInt64: true,
    extensionCodec: plainOnly,
  };
  return framed(encode(value, options), limit);
}

export function unpackBody(frame: Uint8Array): unknown {
  return decoded(frame, { useBigInt64: true });
}

function framed(body: Uint8Array, limit: number): Buffer {
  if (body.length > limit) {
    throw new FrameTooLargeError(`a frame of ${body.length} bytes, ${limit} are allowed`);
  }
  return withLength(body);
}

function decoded(frame: Uint8Array, options: { useBigInt64?: boolean }): unknown {
  const fault = checkShape(frame, MAX_DEPTH);
  if (fault !== null) throw new BadMessageError(fault);
  try {
    // Not as a Buffer: byte strings are views of it, and would be Buffers, which no port delivers.
    return decode(new Uint8Array(frame.buffer, frame.byteOffset, frame.byteLength), options);
  } catch (error) {
    throw new BadMessageError(error instanceof Error ? error.message : String(error));
  }
}

/** Asked by the encoder before it takes an object for a map of its members. */
const plainOnly = {
  tryToEncode(value: unknown): null {
    if (Array.isArray(value) || value instanceof Uint8Array) return null;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return null;
    const name = (value as object).constructor?.name ?? 'something';
    throw new TypeError(`${name} cannot cross a socket`);
  },
  decode: ExtensionCodec.defaultCodec.decode.bind(ExtensionCodec.defaultCodec),
} as unknown as ExtensionCodec;
