import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { DIALECT_1, DIALECT_1_8, DIALECT_2, dialectOf } from '../../../src/protocol/dialect.ts';
import { rateLimitExceeded, undecodable, unknownMessageType } from '../../../src/protocol/wire/errors.ts';
import { RATE_LIMITS, rateClassOf } from '../../../src/protocol/wire/rate-class.ts';
import {
  decodeReply,
  decodeRequest,
  encodeReply,
  encodeRequest,
  messageSpec,
} from '../../../src/protocol/wire/registry.ts';

const TYPES = Array.from({ length: 1000 }, (_, type) => type);
const known = (dialect: typeof DIALECT_1) => TYPES.filter((type) => messageSpec(type, dialect) !== null);

test('each dialect knows its messages and no others', () => {
  const later = [410, 411, 412, 413, 414, 415, 416, 417];
  expect(known(DIALECT_1)).toHaveLength(25);
  expect(known(DIALECT_2)).toEqual([...known(DIALECT_1), ...later].sort((a, b) => a - b));
  expect(known(DIALECT_1_8)).toEqual(known(DIALECT_2));
});

test('the answer to every request is itself known', () => {
  for (const type of TYPES) {
    const spec = messageSpec(type);
    if (spec?.kind === 'request') expect(messageSpec(spec.replyType)).not.toBeNull();
  }
});

test('a dialect is a version and a number of keys', () => {
  expect([dialectOf(1, 5), dialectOf(1, 8), dialectOf(2, 8)]).toEqual([DIALECT_1, DIALECT_1_8, DIALECT_2]);
  expect([dialectOf(2, 5), dialectOf(3, 8), dialectOf(0, 5)]).toEqual([null, null, null]);
});

describe('rate classes', () => {
  test('of the five-key dialect leave some requests out', () => {
    const outside = known(DIALECT_1).filter((type) => rateClassOf(type, DIALECT_1) === null);
    expect(outside).toEqual([100, 101, 401, 403, 405, 407, 451, 460, 461, 498, 499, 501, 503]);
  });

  test('of the later ones leave none out', () => {
    expect(known(DIALECT_2).filter((type) => rateClassOf(type, DIALECT_2) === null)).toEqual([]);
    expect(rateClassOf(499, DIALECT_2)).toBe('fetch');
    expect(rateClassOf(498, DIALECT_2)).toBe('dht');
    expect(rateClassOf(417, DIALECT_2)).toBe('community');
  });

  test('have the limits and texts of the network', () => {
    expect(RATE_LIMITS).toEqual({
      dht: 600,
      fetch: 240,
      community: 120,
      chunk: 600,
      relay: 180,
      total: 1200,
    });
    expect(rateLimitExceeded('chunk')).toBe('chunk request rate limit exceeded');
    expect(rateLimitExceeded('total')).toBe('request rate limit exceeded');
  });
});

test('requests and replies go by the type of the request', () => {
  const key = new Uint8Array(32).fill(3);
  expect(decodeRequest(201, encodeRequest(201, { key }))).toEqual({ key });
  const miss = { value: null, closerPeers: [] };
  expect(decodeReply(201, encodeReply(201, miss))).toEqual(miss);
  expect(encodeReply(202, null)).toEqual(new Uint8Array());
});

test('errors speak as the reference does', () => {
  const refusal = (run: () => unknown) => {
    try {
      run();
      return 'nothing';
    } catch (error) {
      return error instanceof DecodeError ? undecodable(error) : String(error);
    }
  };
  expect(unknownMessageType(999)).toBe('unknown message type 999');
  expect(refusal(() => decodeRequest(400, new Uint8Array()))).toBe(
    'Io(Error { kind: UnexpectedEof, message: "failed to fill whole buffer" })',
  );
  expect(refusal(() => decodeRequest(400, Uint8Array.of(0xff)))).toBe(
    'Semantic(None, "invalid type: break, expected map")',
  );
  expect(refusal(() => decodeRequest(400, Uint8Array.of(0xa0)))).toBe(
    'Semantic(None, "missing field `manifest_id`")',
  );
  expect(refusal(() => decodeRequest(500, Uint8Array.of(0xa2, 0, 0x80, 1, 0)))).toBe(
    'Semantic(None, "field content_id: expected bytes")',
  );
  expect(refusal(() => decodeRequest(200, Uint8Array.of(0xa1, 0, 0x41, 0)))).toBe(
    'Semantic(None, "field target_node_id: expected 20 bytes, got 1")',
  );
});
