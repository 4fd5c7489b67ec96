import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CHUNK_BUFFER_SIZE } from '../../../src/actors/transport/chunk-buffers.ts';
import { FrameAssembler } from '../../../src/actors/transport/frame-assembler.ts';
import { PeerFault } from '../../../src/actors/transport/peer-fault.ts';
import { MAX_FRAME, MAX_HANDSHAKE_FRAME } from '../../../src/protocol/wire/limits.ts';
import { WatchedBuffers } from './watched-buffers.ts';

const RECORD = 16_384;

/** A frame whose octets tell where they belong. */
function frameOf(length: number, seed: number): Buffer {
  const frame = Buffer.alloc(4 + length);
  frame.writeUInt32BE(length);
  for (let i = 0; i < length; i++) frame[4 + i] = (seed * 31 + i * 7 + (i >> 8)) & 0xff;
  return frame;
}

/** Feeds a stream as a socket with `onread` would: never more than the place given, at most a record at once. */
function receive(assembler: FrameAssembler, stream: Uint8Array, cut: (left: number) => number): void {
  for (let at = 0; at < stream.length; ) {
    const place = assembler.place();
    expect(place.length).toBeGreaterThan(0);
    const count = Math.min(cut(stream.length - at), place.length, RECORD, stream.length - at);
    place.set(stream.subarray(at, at + count));
    at += count;
    assembler.received(count);
  }
}

function push(assembler: FrameAssembler, stream: Uint8Array, cut: (left: number) => number): void {
  for (let at = 0; at < stream.length; ) {
    const count = Math.min(cut(stream.length - at), stream.length - at);
    // Memory of its own, spoilt afterwards: what was not copied shows.
    const piece = Uint8Array.from(stream.subarray(at, at + count));
    assembler.push(piece);
    piece.fill(0xdd);
    at += count;
  }
}

const lengths = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 2, arbitrary: fc.integer({ min: 900, max: 1_200 }) },
  { weight: 2, arbitrary: fc.integer({ min: 16_300, max: 16_500 }) },
  { weight: 1, arbitrary: fc.integer({ min: CHUNK_BUFFER_SIZE - 200, max: CHUNK_BUFFER_SIZE + 200 }) },
  { weight: 1, arbitrary: fc.integer({ min: 262_000, max: 700_000 }) },
);
const cuts = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40_000 })), {
  minLength: 1,
  maxLength: 12,
});

describe('frames of pieces', () => {
  test.each([
    ['received in place', receive],
    ['pushed', push],
  ])('any cut of any frames gives the same frames, %s', (_, feed) => {
    fc.assert(
      fc.property(
        fc.array(lengths, { maxLength: 8 }),
        cuts,
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        (sizes, pieces, bulks, takes) => {
          const frames = sizes.map((size, index) => frameOf(size, index));
          const buffers = new WatchedBuffers();
          const seen: Buffer[] = [];
          const kept: { frame: Uint8Array; copy: Buffer; buffer: Buffer<ArrayBuffer> }[] = [];
          const assembler = new FrameAssembler(buffers, (frame) => {
            const copy = Buffer.from(frame);
            const count = seen.push(copy);
            // Now and then chunks are expected, now and then not; some frames outlive the callback.
            assembler.bulk = bulks[count % bulks.length]!;
            if (!takes[count % takes.length]) return;
            const buffer = assembler.take(frame);
            if (buffer) kept.push({ frame, copy, buffer });
          });
          assembler.limit = MAX_FRAME;
          assembler.bulk = bulks[0]!;
          let turn = 0;
          feed(assembler, Buffer.concat(frames), () => pieces[turn++ % pieces.length]!);
          expect(seen.length).toBe(frames.length);
          for (const [index, frame] of frames.entries()) expect(frame.equals(seen[index]!)).toBe(true);
          expect(assembler.partial).toBe(0);
          for (const { frame, copy } of kept) expect(copy.equals(frame)).toBe(true);
          assembler.close();
          for (const { buffer } of kept) buffers.give(buffer);
          expect(buffers.out.size).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('a chunk in one frame lies in one recycled buffer, again and again', () => {
    const buffers = new WatchedBuffers();
    const memories = new Set<ArrayBufferLike>();
    const assembler = new FrameAssembler(buffers, (frame) => memories.add(frame.buffer));
    assembler.limit = MAX_FRAME;
    assembler.bulk = true;
    for (let i = 0; i < 5; i++) receive(assembler, frameOf(262_200, i), () => RECORD);
    expect(memories.size).toBe(1);
    expect(buffers.taken).toBe(1);
  });

  test('a frame taken is not written to any more, and what came behind it is kept', () => {
    const buffers = new WatchedBuffers();
    const first = frameOf(5_000, 1);
    const second = frameOf(6_000, 2);
    const seen: Buffer[] = [];
    let taken: Buffer<ArrayBuffer> | null = null;
    let view: Uint8Array = first;
    const assembler = new FrameAssembler(buffers, (frame) => {
      seen.push(Buffer.from(frame));
      if (seen.length > 1) return;
      taken = assembler.take(frame);
      view = frame;
      // Once only: the memory has one owner.
      expect(assembler.take(frame)).toBeNull();
    });
    assembler.limit = MAX_FRAME;
    assembler.bulk = true;
    const stream = Buffer.concat([first, second]);
    const place = assembler.place();
    stream.copy(place as Buffer, 0, 0, 8_000);
    assembler.received(8_000);
    receive(assembler, stream.subarray(8_000), () => 700);
    expect(second.equals(seen[1]!)).toBe(true);
    expect(first.equals(view)).toBe(true);
    expect(taken).not.toBeNull();
    assembler.close();
    expect([...buffers.out]).toEqual([taken]);
  });

  test('a frame that was copied together elsewhere cannot be taken', () => {
    const assembler = new FrameAssembler(new WatchedBuffers(), (frame) => {
      expect(assembler.take(frame)).toBeNull();
    });
    assembler.push(frameOf(100, 1));
    assembler.push(Buffer.concat([frameOf(50, 2), frameOf(50, 3)]));
    expect.assertions(3);
  });
});

describe('limits', () => {
  test.each([
    ['handshake', MAX_HANDSHAKE_FRAME],
    ['envelope', MAX_FRAME],
  ])('a longer %s frame is a fault as soon as its length is there', (_, limit) => {
    const longest = new FrameAssembler(new WatchedBuffers(), () => {});
    longest.limit = limit;
    const head = Buffer.alloc(4);
    head.writeUInt32BE(limit);
    longest.push(head);
    expect(longest.partial).toBe(4);
    for (const length of [limit + 1, 0xffff_ffff]) {
      const assembler = new FrameAssembler(new WatchedBuffers(), () => {});
      assembler.limit = limit;
      head.writeUInt32BE(length);
      expect(() => assembler.push(head)).toThrow(PeerFault);
      const other = new FrameAssembler(new WatchedBuffers(), () => {});
      other.limit = limit;
      other.place().set(head);
      expect(() => other.received(4)).toThrow(`frame of ${length} octets, the limit is ${limit}`);
    }
  });

  test('memory follows what has arrived, never what was announced', () => {
    for (const announced of [5_000, 262_200, MAX_FRAME]) {
      for (const feed of [receive, push]) {
        const assembler = new FrameAssembler(new WatchedBuffers(), () => {});
        assembler.limit = MAX_FRAME;
        const stream = frameOf(announced, 1);
        for (let at = 0; at < stream.length - 1; ) {
          const count = Math.min(at < 300 ? 1 : 1_000, stream.length - 1 - at);
          feed(assembler, stream.subarray(at, at + count), () => count);
          at += count;
          // A record's buffer is what a connection that receives in place has anyway.
          expect(assembler.place().buffer.byteLength).toBeLessThanOrEqual(Math.max(RECORD, 17 * at));
        }
      }
    }
  });

  test('between frames a pushed connection holds no memory, one that expects no chunks no chunk buffer', () => {
    const buffers = new WatchedBuffers();
    const assembler = new FrameAssembler(buffers, () => {});
    assembler.limit = MAX_FRAME;
    push(assembler, frameOf(262_100, 1), () => 10_000);
    expect(buffers.taken).toBe(1);
    expect(buffers.out.size).toBe(0);
    assembler.bulk = true;
    receive(assembler, frameOf(262_100, 1), () => 10_000);
    expect(buffers.out.size).toBe(1);
    assembler.bulk = false;
    receive(assembler, frameOf(10, 1), () => 10_000);
    expect(buffers.out.size).toBe(0);
  });
});

describe('the end', () => {
  test('after close nothing is handed out, whatever still arrives, and the memory is back', () => {
    const buffers = new WatchedBuffers();
    let frames = 0;
    const assembler = new FrameAssembler(buffers, () => {
      frames++;
    });
    assembler.limit = MAX_FRAME;
    assembler.bulk = true;
    receive(assembler, frameOf(262_100, 1).subarray(0, 100_000), () => 10_000);
    expect(buffers.out.size).toBe(1);
    assembler.close();
    expect(buffers.out.size).toBe(0);
    receive(assembler, frameOf(10, 1), () => 10);
    assembler.push(frameOf(10, 1));
    assembler.close();
    expect(frames).toBe(0);
  });

  test('closed inside a frame: the frames behind it are not handed out, a taken one keeps its memory', () => {
    const buffers = new WatchedBuffers();
    const taken: unknown[] = [];
    const assembler = new FrameAssembler(buffers, (frame) => {
      taken.push(assembler.take(frame));
      assembler.close();
    });
    assembler.bulk = true;
    const stream = Buffer.concat([frameOf(10, 1), frameOf(10, 2)]);
    assembler.place().set(stream);
    assembler.received(stream.length);
    expect(taken).toHaveLength(1);
    expect([...buffers.out]).toEqual(taken);
    assembler.push(stream);
    expect(taken).toHaveLength(1);
  });
});
