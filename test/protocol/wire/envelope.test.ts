import { encode as encodeBuffer } from 'cborg';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { decodeEnvelope, encodeEnvelope, encodeFrame, frameOf } from '../../../src/protocol/wire/envelope.ts';
import { errorReply, errorTextOf, isError } from '../../../src/protocol/wire/errors.ts';
import { MAX_FRAME, MAX_HANDSHAKE_FRAME, MAX_PAYLOAD } from '../../../src/protocol/wire/limits.ts';

// The same cases in every run: a failure can be met again.
fc.configureGlobal({ seed: 20_250_101 });

/** The independent encoder, whose result is sometimes a Buffer, which no Uint8Array equals. */
const encode = (value: unknown) => new Uint8Array(encodeBuffer(value));

const envelopes = fc.record({
  type: fc.nat({ max: 0xffff }),
  reqId: fc.nat({ max: 0xffff_ffff }),
  flags: fc.nat({ max: 0xffff }),
  payload: fc.uint8Array({ maxLength: 300 }),
});

test('an envelope comes back, and is written in the order of the network', () => {
  fc.assert(
    fc.property(envelopes, (envelope) => {
      const octets = encodeEnvelope(envelope);
      const { type, reqId, flags, payload } = envelope;
      const entries = [
        ['type', type],
        ['req_id', reqId],
        ['flags', flags],
        ['payload', payload],
      ] as const;
      const expected = Buffer.concat(entries.flatMap(([key, value]) => [encode(key), encode(value)]));
      expect(octets).toEqual(new Uint8Array(Buffer.concat([Uint8Array.of(0xa4), expected])));
      expect(decodeEnvelope(octets)).toEqual(envelope);
      const frame = encodeFrame(envelope);
      expect(Buffer.from(frame).readUInt32BE(0)).toBe(octets.length);
      expect(frame.subarray(4)).toEqual(octets);
    }),
  );
});

test('the payload is a view', () => {
  const octets = encodeEnvelope({ type: 1, reqId: 1, flags: 0, payload: Uint8Array.of(5) });
  expect(decodeEnvelope(octets).payload.buffer).toBe(octets.buffer);
});

test('limits hold to the octet', () => {
  const sized = (length: number) => ({ type: 1, reqId: 1, flags: 0, payload: new Uint8Array(length) });
  const largest = encodeEnvelope(sized(MAX_PAYLOAD));
  expect(decodeEnvelope(largest).payload).toHaveLength(MAX_PAYLOAD);
  const larger = encodeEnvelope(sized(MAX_PAYLOAD + 1));
  expect(() => decodeEnvelope(larger)).toThrow(DecodeError);
  expect(decodeEnvelope(larger, MAX_FRAME).payload).toHaveLength(MAX_PAYLOAD + 1);
  expect(() => encodeFrame(sized(MAX_FRAME))).toThrow(RangeError);
  expect(frameOf(new Uint8Array(MAX_HANDSHAKE_FRAME), MAX_HANDSHAKE_FRAME)).toHaveLength(
    MAX_HANDSHAKE_FRAME + 4,
  );
  expect(() => frameOf(new Uint8Array(MAX_HANDSHAKE_FRAME + 1), MAX_HANDSHAKE_FRAME)).toThrow(RangeError);
});

test.each([
  ['nothing', new Uint8Array()],
  ['a type above 16 bits', encode({ type: 65_536, req_id: 1, flags: 0, payload: Uint8Array.of() })],
  ['a req_id above 32 bits', encode({ type: 1, req_id: 2 ** 32, flags: 0, payload: Uint8Array.of() })],
  ['no payload', encode({ type: 1, req_id: 1, flags: 0 })],
  ['a payload of text', encode({ type: 1, req_id: 1, flags: 0, payload: '' })],
])('%s is no envelope', (_, octets) => {
  expect(() => decodeEnvelope(octets)).toThrow(DecodeError);
});

test('an error reply repeats the request and is read back, however it is written', () => {
  const reply = errorReply({ type: 500, reqId: 7 }, 'chunk not found');
  expect(reply).toMatchObject({ type: 500, reqId: 7, flags: 3 });
  expect([isError(reply), errorTextOf(reply)]).toEqual([true, 'chunk not found']);
  expect(errorTextOf({ ...reply, payload: new Uint8Array(100_000).fill(0xff) }).length).toBeLessThanOrEqual(
    512,
  );
});
