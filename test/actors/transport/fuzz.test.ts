import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChunkServer } from '../../../src/actors/transport/chunk-server.ts';
import type { ShardContext } from '../../../src/actors/transport/context.ts';
import { FrameAssembler } from '../../../src/actors/transport/frame-assembler.ts';
import { InboundSession } from '../../../src/actors/transport/inbound-session.ts';
import { type Awaiting, OutboundSession } from '../../../src/actors/transport/outbound-session.ts';
import { PeerFault } from '../../../src/actors/transport/peer-fault.ts';
import { RefusalPace } from '../../../src/actors/transport/refusal-pace.ts';
import { ReplyMemory } from '../../../src/actors/transport/reply-memory.ts';
import { RequestRouter } from '../../../src/actors/transport/request-router.ts';
import { ShardCaps } from '../../../src/actors/transport/shard-caps.ts';
import { UploadLine } from '../../../src/actors/transport/upload-line.ts';
import { UploadPeers } from '../../../src/actors/transport/upload-peers.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { DIALECT_1, DIALECT_2, type Dialect } from '../../../src/protocol/dialect.ts';
import { decodeEnvelope, encodeFrame } from '../../../src/protocol/wire/envelope.ts';
import { MAX_FRAME } from '../../../src/protocol/wire/limits.ts';
import { encodeReply, encodeRequest, MESSAGES } from '../../../src/protocol/wire/registry.ts';
import { ManualClock } from '../../../src/supervisor/testing/manual-clock.ts';
import { FakeConnection } from './fake-connection.ts';
import { WatchedBuffers } from './watched-buffers.ts';

const clock = new ManualClock(1_800_000_000_000);
const types = fc.oneof(fc.constantFrom(...Object.keys(MESSAGES).map(Number)), fc.nat(0xffff));
const someId = new Uint8Array(32).fill(7);
const payloads = fc.oneof(
  fc.constant(encodeRequest(500, { contentId: someId, chunkIndex: 3 })),
  fc.constant(encodeRequest(400, { manifestId: someId })),
  fc.constant(encodeReply(500, { contentId: someId, chunkIndex: 3, bytes: new Uint8Array(9) })),
  fc.uint8Array({ maxLength: 80 }),
);
const frames = fc
  .record({ type: types, reqId: fc.nat(0xffff_ffff), flags: fc.nat(3), payload: payloads })
  .map((envelope) => encodeFrame(envelope));
/** Now and then an octet is another one, or the frame ends early under a length that fits. */
const damaged = fc
  .tuple(frames, fc.option(fc.tuple(fc.nat(10_000), fc.nat(255))), fc.option(fc.nat(10_000)))
  .map(([frame, change, cut]) => {
    const some = Buffer.from(frame);
    if (change && change[0] < some.length) some[change[0]] = change[1];
    const body = some.subarray(4, cut === null ? undefined : 4 + (cut % some.length));
    const whole = Buffer.alloc(4 + body.length);
    whole.writeUInt32BE(body.length);
    body.copy(whole, 4);
    return whole;
  });
const streams = fc.array(damaged, { maxLength: 30 });
const turns = async () => {
  for (let i = 0; i < 30; i++) await null;
};

/** Passes a stream to the session of a connection as its socket would. */
function feed(connection: FakeConnection, stream: Uint8Array): void {
  const assembler = new FrameAssembler(new WatchedBuffers(), (frame) => {
    connection.guard(() => connection.reader.frame(frame));
    if (connection.over) assembler.close();
  });
  assembler.limit = MAX_FRAME;
  connection.guard(() => assembler.push(stream));
}

const isFaultOfThePeer = (error: unknown) => error instanceof PeerFault || error instanceof DecodeError;

function inbound(connection: FakeConnection, dialect: Dialect): InboundSession {
  const ask = async () => ({ payload: new Uint8Array([1]) });
  const context = {
    clock,
    refs: { store: { ask }, publish: { ask }, dht: { ask }, pex: { ask } },
    log: { warn: () => {} },
  };
  return new InboundSession({
    connection: connection.connection,
    peer: {
      key: someId,
      nodeKey: '07'.repeat(32),
      nodeId: '07'.repeat(20),
      dialect,
      native: false,
      bound: 'none',
      capabilities: [],
    },
    clock,
    peers: new UploadPeers({ inFlight: 1_000, uploadSlots: 0 }, () => clock.now()),
    router: new RequestRouter(context as unknown as ShardContext),
    chunks: { serve: () => null } as unknown as ChunkServer,
    buffers: new WatchedBuffers(),
    memory: new ReplyMemory(),
    pace: new RefusalPace(),
    uploads: new UploadLine(new ShardCaps(clock, 0), clock),
    useful: () => {},
    ended: () => {},
  });
}

describe('whatever a peer sends', () => {
  test('as requests: each is answered in its order, or the session ends by its fault', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.constantFrom(DIALECT_1, DIALECT_2), async (sent, dialect) => {
        const connection = new FakeConnection();
        inbound(connection, dialect);
        feed(connection, Buffer.concat(sent));
        const replies: Uint8Array[] = [];
        for (let i = 0; i < 100; i++) {
          await turns();
          replies.push(...connection.take(1_000));
        }
        if (connection.over) {
          expect(isFaultOfThePeer(connection.over)).toBe(true);
          return;
        }
        expect(replies.map((reply) => decodeEnvelope(reply.subarray(4)).reqId)).toEqual(
          sent.map((frame) => decodeEnvelope(frame.subarray(4)).reqId),
        );
        for (const reply of replies) expect(decodeEnvelope(reply.subarray(4)).flags & 1).toBe(1);
      }),
      { numRuns: 100 },
    );
  });

  test('as replies: everybody who waits hears once, and places are back', async () => {
    await fc.assert(
      fc.asyncProperty(streams, fc.nat(8), async (sent, asks) => {
        const connection = new FakeConnection();
        const session = new OutboundSession({
          connection: connection.connection,
          peer: {
            key: someId,
            nodeKey: '07'.repeat(32),
            nodeId: '07'.repeat(20),
            dialect: DIALECT_2,
            native: false,
            bound: 'none',
            capabilities: [],
          },
          address: 'tcp://192.0.2.1:1',
          caps: new ShardCaps(clock, 0),
          clock,
          window: 4,
          requestMs: 1_000,
          ended: () => {},
        });
        const heard = new Array<number>(asks).fill(0);
        for (let i = 0; i < asks; i++) {
          const awaiting: Awaiting = {
            reply: () => {
              heard[i]!++;
            },
            lost: () => {
              heard[i]!++;
            },
          };
          const ask = () => session.ask(500, new Uint8Array(0), awaiting);
          if (session.places.take()) ask();
          else session.places.wait(ask);
        }
        // Numbers of requests that were really made, so that some replies find somebody.
        const stream = sent.map((frame, i) => {
          const { length } = frame;
          return length > 30 && i % 2 === 0 ? withReqId(frame, 1 + (i % 8)) : frame;
        });
        feed(connection, Buffer.concat(stream));
        await turns();
        const fault = connection.over;
        if (fault) expect(isFaultOfThePeer(fault)).toBe(true);
        connection.destroy();
        await turns();
        expect(heard).toEqual(new Array<number>(asks).fill(1));
        expect(session.places.used).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

/** The frame with another request id, if it can be read at all. */
function withReqId(frame: Buffer, reqId: number): Buffer {
  try {
    return Buffer.from(encodeFrame({ ...decodeEnvelope(frame.subarray(4)), reqId }));
  } catch {
    return frame;
  }
}
