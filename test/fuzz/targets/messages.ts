import type { Codec } from '../../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../../src/protocol/cbor/reader.ts';
import type { FindValueResult, Store } from '../../../src/protocol/wire/dht.ts';
import { undecodable } from '../../../src/protocol/wire/errors.ts';
import { encodeReply, encodeRequest, MESSAGES, messageSpec } from '../../../src/protocol/wire/registry.ts';
import { REQUEST_TYPES, replies, requests } from '../../protocol/wire/arbitraries.ts';
import { must, type Target } from '../target.ts';
import { codecTarget, sampled } from './cbor.ts';

const COVERS = {
  request: ['protocol/wire/registry.ts decodeRequest', 'protocol/wire/peer-addr.ts readPeerAddr'],
  reply: ['protocol/wire/registry.ts decodeReply', 'protocol/wire/capabilities.ts readCapabilities'],
};

/** A time to live of 2^63 seconds and more is written as the network writes it: as what nobody reads. */
const isShort = (store: Store | null) => store === null || store.ttlSecs < 2n ** 63n;

/** The payload of every message, as a request and as a reply. */
export const messages: readonly Target[] = [
  ...REQUEST_TYPES.flatMap((type) => [
    codecTarget(
      `request-${type}`,
      COVERS.request,
      MESSAGES[type].request as Codec<unknown>,
      () => sampled(requests[type] as never, (value) => encodeRequest(type, value as never)),
      (value) => type !== 202 || isShort(value as Store),
    ),
    codecTarget(
      `reply-to-${type}`,
      COVERS.reply,
      MESSAGES[type].reply as unknown as Codec<unknown>,
      () => sampled(replies[type] as never, (value) => encodeReply(type, value as never)),
      (value) => type !== 201 || isShort((value as FindValueResult).value),
    ),
  ]),
  codecTarget('providers', [], MESSAGES[498].reply as Codec<unknown>),
  {
    // What a peer is told of its fault is made of its own text.
    name: 'fault-text',
    covers: ['protocol/wire/errors.ts undecodable'],
    form: 'cbor',
    seeds: () => sampled(requests[100], (value) => encodeRequest(100, value)),
    run(input) {
      const spec = messageSpec(100)!;
      try {
        (spec as { request: Codec<unknown> }).request.read(new Reader(input));
      } catch (error) {
        must(error instanceof DecodeError, `another error: ${error}`);
        must(undecodable(error).length < 1_000, 'a long text');
      }
    },
  },
];
