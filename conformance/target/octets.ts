import { Writer } from '../../src/protocol/cbor/writer.ts';

/** An item written step by step: what no codec would write can be put in between with `raw`. */
export function cbor(write: (w: Writer) => Writer): Uint8Array {
  return write(new Writer()).finish();
}

export const hex = (digits: string): Uint8Array =>
  new Uint8Array(Buffer.from(digits.replaceAll(' ', ''), 'hex'));

/** A frame with any body; `announced` may lie. */
export function frame(body: Uint8Array, announced = body.length): Uint8Array {
  const out = Buffer.alloc(4 + body.length);
  out.writeUInt32BE(announced);
  out.set(body, 4);
  return out;
}

/** So many arrays of one item inside each other, around a zero. */
export const nested = (depth: number): Uint8Array => {
  const out = new Uint8Array(depth + 1).fill(0x81);
  out[depth] = 0;
  return out;
};
