import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeWith } from '../../../src/protocol/cbor/codec.ts';
import {
  CHUNK_PREAMBLE_MAX,
  parseChunkFrame,
  writeChunkPreamble,
} from '../../../src/protocol/wire/chunk-data.ts';
import { chunkData } from '../../../src/protocol/wire/content.ts';
import { encodeFrame } from '../../../src/protocol/wire/envelope.ts';

// The same cases in every run: a failure can be met again.
fc.configureGlobal({ seed: 20_250_101 });

const chunks = fc.record({
  reqId: fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 0xffff_ffff })),
  contentId: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  index: fc.oneof(fc.nat({ max: 300 }), fc.nat({ max: 0xffff_ffff })),
  data: fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.nat({ max: 70_000 }).map((length) => new Uint8Array(length).fill(length)),
  ),
});

/** The same frame by the general encoder. */
function general({
  reqId,
  contentId,
  index,
  data,
}: {
  reqId: number;
  contentId: Uint8Array;
  index: number;
  data: Uint8Array;
}) {
  const payload = encodeWith(chunkData, { contentId, chunkIndex: index, bytes: data });
  return encodeFrame({ type: 501, reqId, flags: 1, payload });
}

describe('the preamble', () => {
  test('is what the general encoder writes', () => {
    fc.assert(
      fc.property(chunks, fc.nat({ max: 80 }), (chunk, offset) => {
        const target = new Uint8Array(offset + CHUNK_PREAMBLE_MAX + chunk.data.length);
        const length = writeChunkPreamble(target, offset, { ...chunk, length: chunk.data.length });
        expect(length).toBeLessThanOrEqual(CHUNK_PREAMBLE_MAX);
        target.set(chunk.data, offset + length);
        const frame = Buffer.from(target.subarray(offset, offset + length + chunk.data.length));
        expect(frame.equals(general(chunk))).toBe(true);
      }),
    );
  });

  test('has room for the largest chunk, and no more than that', () => {
    const chunk = { reqId: 2 ** 32 - 1, contentId: new Uint8Array(32), index: 2 ** 32 - 1, length: 262_144 };
    const target = new Uint8Array(CHUNK_PREAMBLE_MAX);
    expect(writeChunkPreamble(target, 0, chunk)).toBe(CHUNK_PREAMBLE_MAX);
    expect(() => writeChunkPreamble(target, 1, chunk)).toThrow(RangeError);
    expect(() => writeChunkPreamble(target, 0, { ...chunk, length: 1024 * 1024 })).toThrow(RangeError);
    expect(() => writeChunkPreamble(target, 0, { ...chunk, contentId: new Uint8Array(31) })).toThrow(
      RangeError,
    );
  });
});

describe('the parser', () => {
  test('finds everything in place, also before the data has come', () => {
    fc.assert(
      fc.property(chunks, (chunk) => {
        const frame = general(chunk);
        const preamble = frame.length - chunk.data.length;
        for (const length of [frame.length, preamble]) {
          expect(parseChunkFrame(frame, length)).toEqual({
            reqId: chunk.reqId,
            flags: 1,
            contentId: chunk.contentId,
            index: chunk.index,
            dataOffset: preamble,
            dataLength: chunk.data.length,
          });
        }
        expect(parseChunkFrame(frame, preamble - 1)).toBeNull();
      }),
    );
  });

  test('a change in any octet of the layout or of a length makes it another frame', () => {
    const chunk = { reqId: 1, contentId: new Uint8Array(32).fill(9), index: 2, data: new Uint8Array(40) };
    const frame = general(chunk);
    const good = parseChunkFrame(frame, frame.length);
    const free = new Set(['reqId', 'flags', 'index']);
    for (let at = 0; at < frame.length - chunk.data.length; at++) {
      const changed = frame.slice();
      changed[at] = (changed[at] as number) ^ 1;
      const parsed = parseChunkFrame(changed, changed.length);
      if (parsed === null) continue;
      // Only values may differ: the lengths and offsets are all bound to each other.
      expect([parsed.dataOffset, parsed.dataLength]).toEqual([good?.dataOffset, good?.dataLength]);
      const differs = [...free].some((name) => Reflect.get(parsed, name) !== Reflect.get(good ?? {}, name));
      expect(differs || Buffer.compare(parsed.contentId, chunk.contentId) !== 0).toBe(true);
    }
  });

  test('any octets: a frame or null', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), fc.nat({ max: 200 }), (octets, length) => {
        expect(() => parseChunkFrame(octets, length)).not.toThrow();
      }),
    );
  });
});
