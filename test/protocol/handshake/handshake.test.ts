import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { DIALECT_1, DIALECT_1_8, DIALECT_2 } from '../../../src/protocol/dialect.ts';
import { decodeHello, encodeHello } from '../../../src/protocol/handshake/hello.ts';
import { createReplayTable } from '../../../src/protocol/handshake/replay-table.ts';
import { NO_CAPABILITIES } from '../../../src/protocol/wire/capabilities.ts';
import {
  alice,
  bob,
  body,
  CAPABILITIES,
  ephemeral,
  hello,
  helloBody,
  initiator,
  mallory,
  NOW,
  responder,
  secrets,
} from './harness.ts';

const DIALECTS = [DIALECT_1, DIALECT_1_8, DIALECT_2];

describe('a handshake of two honest sides', () => {
  test.each(DIALECTS)('version $version with $capabilityKeys capability keys is mirrored', (dialect) => {
    const a = initiator({ dialect });
    const b = responder();
    const challenge = b.receive(body(a.start(NOW)), NOW);
    if (challenge.kind !== 'continue') throw new Error(challenge.kind);
    const left = a.receive(body(challenge.send), NOW);
    if (left.kind !== 'done') throw new Error(left.kind);
    const right = b.receive(body(left.send), NOW);
    if (right.kind !== 'done') throw new Error(right.kind);
    expect(left.result.peerKey).toEqual(bob.publicKey);
    expect(right.result.peerKey).toEqual(alice.publicKey);
    expect(left.result.dialect).toBe(dialect);
    expect(right.result.dialect).toBe(dialect);
    expect(left.result.transcript).toEqual(right.result.transcript);
    expect(left.result.initiatorNonce).toEqual(right.result.initiatorNonce);
    expect(left.result.responderNonce).toEqual(right.result.responderNonce);
    expect(left.result.peerEphemeralKey).toEqual(right.result.ownEphemeral.publicKey);
    expect([left.result.native, right.result.native]).toEqual([true, true]);
    const paged = dialect.capabilityKeys === 8;
    expect(right.result.peerCapabilities).toEqual({
      ...CAPABILITIES,
      communityPagedBrowse: paged,
      communitySearch: paged,
      communityDeltaSync: paged,
      keys: dialect.capabilityKeys,
    });
    expect(right.send).toBeNull();
  });

  test('a dialect that came through a structured clone is the same dialect', () => {
    const a = initiator({ dialect: structuredClone(DIALECT_1) });
    const step = responder().receive(body(a.start(NOW)), NOW);
    if (step.kind !== 'continue') throw new Error(step.kind);
    expect(a.receive(body(step.send), NOW).kind).toBe('done');
  });

  test('native only when both nonces are marked', () => {
    for (const [mark, answer] of [
      [true, false],
      [false, true],
      [false, false],
    ] as const) {
      const a = initiator({ secrets: secrets(11, mark) });
      const b = responder({ secrets: () => secrets(22, answer) });
      const step = b.receive(body(a.start(NOW)), NOW);
      if (step.kind !== 'continue') throw new Error(step.kind);
      const left = a.receive(body(step.send), NOW);
      if (left.kind !== 'done') throw new Error(left.kind);
      const right = b.receive(body(left.send), NOW);
      expect(left.result.native).toBe(false);
      expect(right.kind === 'done' && right.result.native).toBe(false);
    }
  });
});

describe('attacks on the responder', () => {
  const zero = new Uint8Array(32);
  const own = { key: bob };
  test.each([
    ['a hello that carries an echo (the signing oracle)', helloBody({ echoedNonce: zero }), 'echo'],
    ['our own key', helloBody(own), 'own-key'],
    ['an ephemeral key that gives no secret', helloBody({ ephemeralKey: zero }), 'ephemeral'],
    ['a clock 301 s ahead', helloBody({ timestamp: BigInt(NOW + 301) }), 'skew'],
    ['a clock 301 s behind', helloBody({ timestamp: BigInt(NOW - 301) }), 'skew'],
    ['the last second of 64 bits', helloBody({ timestamp: 2n ** 64n - 1n }), 'skew'],
    ['a signature of another key', helloBody({ nodeKey: alice.publicKey }), 'signature'],
    ['a signature that is too short', helloBody({ signature: new Uint8Array(63) }), 'signature'],
    ['version 0', helloBody({ protocolVersion: 0 }), 'version'],
    ['version 2 with five keys', helloBody({ dialect: { version: 2, capabilityKeys: 5 } }), 'version'],
    ['no CBOR', Uint8Array.of(0xff), 'malformed'],
    ['nothing', new Uint8Array(0), 'malformed'],
  ] as const)('%s', (_name, input, reason) => {
    const step = responder().receive(input, NOW);
    expect(step).toEqual({ kind: 'failed', send: null, reason, peerForm: null });
  });

  test('clocks 300 s away pass', () => {
    for (const timestamp of [BigInt(NOW + 300), BigInt(NOW - 300)]) {
      expect(responder().receive(helloBody({ timestamp }), NOW).kind).toBe('continue');
    }
  });

  test('version 3 is answered in our highest form, then refused', () => {
    const step = responder().receive(helloBody({ protocolVersion: 3 }), NOW);
    if (step.kind !== 'failed') throw new Error(step.kind);
    expect(step.reason).toBe('version');
    const answer = decodeHello(body(step.send));
    expect([answer.protocolVersion, answer.capabilities.keys]).toEqual([2, 8]);
  });

  test('a hello is not taken twice, not even under another key', () => {
    const replays = createReplayTable();
    expect(responder({ replays }).receive(helloBody(), NOW).kind).toBe('continue');
    const again = responder({ replays }).receive(
      helloBody({ key: alice, nodeKey: alice.publicKey }),
      NOW + 1,
    );
    expect(again).toMatchObject({ kind: 'failed', reason: 'replay' });
  });

  test('a refused hello leaves no trace in the replay table', () => {
    const replays = createReplayTable();
    responder({ replays }).receive(helloBody({ signature: new Uint8Array(64) }), NOW);
    expect(replays.size).toBe(0);
  });

  const nonce = secrets(22).nonce;
  test.each([
    ['an echo that is not our nonce', { echoedNonce: zero }, 'echo'],
    ['no echo', { echoedNonce: null }, 'echo'],
    ['another key', { key: alice, nodeKey: alice.publicKey }, 'ack-mismatch'],
    ['another nonce', { nonce: new Uint8Array(32).fill(99) }, 'ack-mismatch'],
    ['another ephemeral key', { ephemeralKey: ephemeral(99).publicKey }, 'ack-mismatch'],
    ['other capabilities', { capabilities: { ...NO_CAPABILITIES, relay: true } }, 'ack-mismatch'],
    ['another version', { protocolVersion: 1 }, 'ack-mismatch'],
    ['fewer capability keys', { dialect: DIALECT_1, protocolVersion: 2 }, 'ack-mismatch'],
    ['an old clock', { timestamp: BigInt(NOW - 1000) }, 'skew'],
    ['a broken signature', { signature: new Uint8Array(64) }, 'signature'],
  ] as const)('an ack with %s', (_name, overrides, reason) => {
    const b = responder();
    expect(b.receive(helloBody(), NOW).kind).toBe('continue');
    expect(b.receive(helloBody({ echoedNonce: nonce, ...overrides }), NOW)).toMatchObject({
      kind: 'failed',
      send: null,
      reason,
    });
    // The place is gone, also for a good ack.
    expect(b.receive(helloBody({ echoedNonce: nonce }), NOW)).toMatchObject({ reason: 'out-of-turn' });
  });

  test('the same ack, unaltered, passes', () => {
    const b = responder();
    b.receive(helloBody(), NOW);
    expect(b.receive(helloBody({ echoedNonce: nonce }), NOW).kind).toBe('done');
  });

  test('a listening node cannot be used to sign as somebody else', () => {
    // Mallory wants to pass as Bob towards Carol: she relays Carol's nonce to Bob as the echo of her own first hello,
    // hoping that Bob's answer, signed over her values, serves as Bob's ack. The first hello with an echo is refused.
    const carol = responder({ key: mallory, secrets: () => secrets(44) });
    const opening = carol.receive(helloBody({ key: bob, nodeKey: bob.publicKey }), NOW);
    expect(opening.kind).toBe('continue');
    const relayed = responder().receive(helloBody({ nonce: secrets(44).nonce, echoedNonce: zero }), NOW);
    expect(relayed).toMatchObject({ kind: 'failed', send: null, reason: 'echo' });
    // Without the echo Bob does sign Carol's nonce; but his answer has his own nonce and ephemeral key, which the ack
    // of the forged first hello must repeat.
    const oracle = responder().receive(helloBody({ nonce: secrets(44).nonce }), NOW);
    if (oracle.kind !== 'continue') throw new Error(oracle.kind);
    expect(carol.receive(body(oracle.send), NOW)).toMatchObject({ kind: 'failed', reason: 'ack-mismatch' });
  });
});

describe('attacks on the initiator', () => {
  const zero = new Uint8Array(32);
  const nonce = secrets(11).nonce;
  test.each([
    ['no echo', { echoedNonce: null }, 'echo'],
    ['the echo of another nonce', { echoedNonce: zero }, 'echo'],
    ['our own key', { key: alice, nodeKey: alice.publicKey }, 'own-key'],
    ['an ephemeral key that gives no secret', { ephemeralKey: zero }, 'ephemeral'],
    ['an old clock', { timestamp: BigInt(NOW - 301) }, 'skew'],
    ['a broken signature', { signature: new Uint8Array(64) }, 'signature'],
    ['version 3', { protocolVersion: 3 }, 'version'],
  ] as const)('an answer with %s', (_name, overrides, reason) => {
    const a = initiator();
    a.start(NOW);
    const step = a.receive(helloBody({ echoedNonce: nonce, ...overrides }), NOW);
    expect(step).toEqual({ kind: 'failed', send: null, reason, peerForm: null });
  });

  test('a pinned key must match', () => {
    const answer = helloBody({ echoedNonce: nonce });
    const wrong = initiator({ expectedKey: bob.publicKey });
    wrong.start(NOW);
    expect(wrong.receive(answer, NOW)).toMatchObject({ kind: 'failed', send: null, reason: 'wrong-key' });
    const right = initiator({ expectedKey: mallory.publicKey });
    right.start(NOW);
    expect(right.receive(answer, NOW).kind).toBe('done');
  });

  test('our own hello thrown back at us is no answer', () => {
    const a = initiator();
    const first = body(a.start(NOW));
    expect(a.receive(first, NOW)).toMatchObject({ kind: 'failed', reason: 'echo' });
  });

  test('a frame before the start, and one after the end', () => {
    const a = initiator();
    expect(a.receive(helloBody(), NOW)).toMatchObject({ reason: 'out-of-turn' });
    a.start(NOW);
    expect(a.receive(helloBody({ echoedNonce: nonce }), NOW).kind).toBe('done');
    expect(a.receive(helloBody({ echoedNonce: nonce }), NOW)).toMatchObject({ reason: 'out-of-turn' });
  });

  const forms = DIALECTS.flatMap((ours) => DIALECTS.map((theirs) => [ours, theirs] as const));
  test.each(forms)('we speak %j, the answer is %j', (ours, theirs) => {
    const a = initiator({ dialect: ours });
    a.start(NOW);
    const answer = helloBody({ dialect: theirs, protocolVersion: theirs.version, echoedNonce: nonce });
    const step = a.receive(answer, NOW);
    if (ours === theirs) expect(step.kind).toBe('done');
    else expect(step).toEqual({ kind: 'failed', send: null, reason: 'other-form', peerForm: theirs });
  });
});

describe('the hello codec', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const anyHello = fc.record({
    nodeKey: bytes(32),
    capabilities: fc.record({
      dht: fc.boolean(),
      store: fc.boolean(),
      relay: fc.boolean(),
      contentSeed: fc.boolean(),
      mobileLight: fc.boolean(),
      communityPagedBrowse: fc.boolean(),
      communitySearch: fc.boolean(),
      communityDeltaSync: fc.boolean(),
    }),
    nonce: bytes(32),
    echoedNonce: fc.option(bytes(32)),
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    protocolVersion: fc.integer({ min: 0, max: 0xffff }),
    ephemeralKey: bytes(32),
    signature: bytes(64),
  });

  test('round trip', () => {
    fc.assert(
      fc.property(anyHello, (value) => {
        const decoded = decodeHello(encodeHello(value, 8));
        expect(decoded).toEqual({ ...value, capabilities: { ...value.capabilities, keys: 8 } });
      }),
    );
  });

  test('any bytes, and any altered hello, give a value or DecodeError', () => {
    const altered = fc
      .tuple(anyHello, fc.nat(), fc.integer({ min: 0, max: 255 }))
      .map(([value, at, octet]) => {
        const encoded = encodeHello(value, 8).slice();
        encoded[at % encoded.length] = octet;
        return encoded;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), altered), (input) => {
        try {
          decodeHello(input);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('nothing decoded points into the frame, which is reused', () => {
    const input = helloBody().slice();
    const decoded = decodeHello(input);
    input.fill(0);
    expect(decoded.signature).toEqual(hello().signature);
    expect(decoded.nodeKey).toEqual(mallory.publicKey);
  });
});
