import { ChunkBuffers } from '../../../src/actors/transport/chunk-buffers.ts';
import { FrameAssembler } from '../../../src/actors/transport/frame-assembler.ts';
import { PeerFault } from '../../../src/actors/transport/peer-fault.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { parseChunkFrame } from '../../../src/protocol/wire/chunk-data.ts';
import {
  decodeEnvelope,
  decodePlainEnvelope,
  encodeFrame,
  envelope,
} from '../../../src/protocol/wire/envelope.ts';
import { errorTextOf } from '../../../src/protocol/wire/errors.ts';
import { MAX_FRAME } from '../../../src/protocol/wire/limits.ts';
import { decodeReply } from '../../../src/protocol/wire/registry.ts';
import * as b from '../../hostile/bytes.ts';
import { recordedFor } from '../recorded.ts';
import { must, orDeclared, type Target } from '../target.ts';
import { checkCodec } from './cbor.ts';

const envelopes = () => recordedFor((octets) => decodeEnvelope(octets) !== undefined);
const chunk = b.request(
  501,
  7,
  b.map(
    [b.uint(0), b.bytes(new Uint8Array(32))],
    [b.uint(1), b.uint(300)],
    [b.uint(2), b.bytes(new Uint8Array(90))],
  ),
  1,
);

export const frames: readonly Target[] = [
  {
    name: 'envelope',
    covers: ['protocol/wire/envelope.ts decodeEnvelope', 'protocol/wire/envelope.ts decodePlainEnvelope'],
    form: 'cbor',
    seeds: envelopes,
    run(input) {
      const read = checkCodec(envelope, input);
      const plain = orDeclared(DecodeError, () => decodePlainEnvelope(input));
      if (plain === null) return;
      must(read !== null, 'a long frame is read that a short one is not');
      must(Buffer.from(encodeFrame(plain)).equals(encodeFrame(read)), 'a long frame reads otherwise');
      errorTextOf(plain);
    },
  },
  {
    name: 'chunk-frame',
    covers: ['protocol/wire/chunk-data.ts parseChunkFrame'],
    form: 'octets',
    seeds: () => [chunk, b.request(501, 2 ** 32 - 1, chunk, 1), ...envelopes().map((body) => b.frame(body))],
    run(input) {
      const found = parseChunkFrame(input, input.length);
      if (found === null || found.dataOffset + found.dataLength !== input.length) return;
      const general = decodeEnvelope(input.subarray(4));
      must(
        general.type === 501 && general.reqId === found.reqId && general.flags === found.flags,
        'another envelope',
      );
      const reply = decodeReply(500, general.payload);
      must(reply.chunkIndex === found.index, 'another index');
      must(Buffer.from(reply.contentId).equals(found.contentId), 'another id');
      must(Buffer.from(reply.bytes).equals(input.subarray(found.dataOffset)), 'other octets');
    },
  },
  {
    name: 'frame-assembler',
    covers: ['actors/transport/frame-assembler.ts FrameAssembler'],
    form: 'octets',
    seeds: () => [chunk, b.join(chunk, chunk), ...envelopes().map((body) => b.frame(body))],
    run(input) {
      // However the octets come, the frames are the same.
      const whole = assembled(input, input.length || 1);
      const pieces = assembled(input, 1 + (input.length % 7));
      must(whole.join() === pieces.join(), 'the pieces decide what the frames are');
    },
  },
];

function assembled(input: Uint8Array, step: number): string[] {
  const found: string[] = [];
  const assembler = new FrameAssembler(new ChunkBuffers(), (frame) =>
    found.push(Buffer.from(frame).toString('hex')),
  );
  assembler.limit = MAX_FRAME;
  orDeclared(PeerFault, () => {
    for (let at = 0; at < input.length; at += step) assembler.push(input.subarray(at, at + step));
    found.push(`${assembler.partial}`);
  }) ?? null;
  assembler.close();
  return found;
}
