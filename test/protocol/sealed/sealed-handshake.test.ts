import { expect, test } from 'vitest';
import { bytesEqual, concatBytes } from '../../../src/protocol/crypto/bytes.ts';
import { keyPairFromSeed, type SigningKey } from '../../../src/protocol/crypto/ed25519.ts';
import { sessionSecret } from '../../../src/protocol/crypto/session-secret.ts';
import { x25519SharedSecret } from '../../../src/protocol/crypto/x25519.ts';
import { DIALECT_2 } from '../../../src/protocol/dialect.ts';
import type { HandshakeResult, HandshakeStep } from '../../../src/protocol/handshake/handshake-step.ts';
import { decodeHello, helloFrame, signHello } from '../../../src/protocol/handshake/hello.ts';
import { createInitiator } from '../../../src/protocol/handshake/initiator.ts';
import { freshHandshakeSecrets } from '../../../src/protocol/handshake/own-secrets.ts';
import { createReplayTable } from '../../../src/protocol/handshake/replay-table.ts';
import { createResponder } from '../../../src/protocol/handshake/responder.ts';
import type { NoiseSession } from '../../../src/protocol/sealed/noise-xx.ts';
import { SealedHandshake } from '../../../src/protocol/sealed/sealed-handshake.ts';
import { MAX_RECORD, SealedRecords } from '../../../src/protocol/sealed/sealed-records.ts';
import { NO_CAPABILITIES } from '../../../src/protocol/wire/capabilities.ts';

const NOW = 1_800_000_000;
const keyOf = (octet: number): SigningKey => keyPairFromSeed(new Uint8Array(32).fill(octet));
const [clientKey, serverKey, otherKey] = [keyOf(1), keyOf(2), keyOf(3)];
const capabilities = { ...NO_CAPABILITIES, dht: true, contentSeed: true };
const body = (frame: Uint8Array) => frame.subarray(4);
const initiatorOf = (key: SigningKey) =>
  createInitiator({
    ...{ key, dialect: DIALECT_2, capabilities, expectedKey: null },
    secrets: freshHandshakeSecrets(),
  });
const responderOf = (key: SigningKey) =>
  createResponder({
    ...{ key, capabilities, replays: createReplayTable() },
    secrets: freshHandshakeSecrets,
  });
const resultOf = (step: HandshakeStep): HandshakeResult => {
  if (step.kind !== 'done') throw new Error(`not done: ${JSON.stringify(step)}`);
  return step.result;
};

/** The hellos of two nodes, passed on untouched. */
function hellos(): { client: HandshakeResult; server: HandshakeResult } {
  const [initiator, responder] = [initiatorOf(clientKey), responderOf(serverKey)];
  const second = responder.receive(body(initiator.start(NOW)), NOW);
  const third = initiator.receive(body(second.send!), NOW);
  return { client: resultOf(third), server: resultOf(responder.receive(body(third.send!), NOW)) };
}

/** Both sides of the sealing; null where one of them ended it. `change` may alter the nth message. */
function sealed(
  client: SealedHandshake,
  server: SealedHandshake,
  change: (message: Uint8Array, nth: number) => Uint8Array = (message) => message,
): { client: NoiseSession; server: NoiseSession } | null {
  const second = server.receive(change(body(client.start()!), 0));
  if (second.kind !== 'continue') return null;
  const third = client.receive(change(body(second.send), 1));
  if (third.kind !== 'done') return null;
  const end = server.receive(change(body(third.send!), 2));
  return end.kind === 'done' ? { client: third.session, server: end.session } : null;
}

const pair = () => {
  const { client, server } = hellos();
  return [new SealedHandshake(clientKey, client), new SealedHandshake(serverKey, server)] as const;
};
const recordsOf = () => {
  const sessions = sealed(...pair())!;
  return { client: new SealedRecords(sessions.client), server: new SealedRecords(sessions.server) };
};
/** The bodies of the frames in these octets. */
function bodies(pieces: readonly Uint8Array[]): Uint8Array[] {
  const octets = Buffer.from(concatBytes(...pieces));
  const found: Uint8Array[] = [];
  for (let at = 0; at < octets.length; at += 4 + octets.readUInt32BE(at))
    found.push(octets.subarray(at + 4, at + 4 + octets.readUInt32BE(at)));
  return found;
}

test('two nodes have one session, and each knows the other by its key', () => {
  const sessions = sealed(...pair())!;
  expect(bytesEqual(sessions.client.hash, sessions.server.hash)).toBe(true);
  const [one, other] = [new SealedRecords(sessions.client), new SealedRecords(sessions.server)];
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    const long = new Uint8Array(3 * MAX_RECORD + 7).map((_, at) => at);
    const opened = bodies(from.seal(long)).map((record) => to.open(record)!);
    expect(opened.map(({ length }) => length)).toEqual([MAX_RECORD, MAX_RECORD, MAX_RECORD, 7]);
    expect(bytesEqual(concatBytes(...opened), long)).toBe(true);
  }
});

test('a changed octet in any message ends it, on the side that reads it or on the next', () => {
  for (const turn of [0, 1, 2]) {
    for (let at = 0; at < 200; at += 7) {
      const spoil = (message: Uint8Array, nth: number) => {
        if (nth !== turn || at >= message.length) return message;
        const changed = Uint8Array.from(message);
        changed[at]! ^= 0x80;
        return changed;
      };
      const [client, server] = pair();
      const length = turn === 0 ? 32 : turn === 1 ? 32 + 48 + 80 : 48 + 80;
      if (at < length) expect(sealed(client, server, spoil)).toBeNull();
    }
  }
});

test('another key than that of the hello ends it: whoever seals has to be whoever said hello', () => {
  const { client, server } = hellos();
  const impostor = new SealedHandshake(otherKey, server);
  expect(sealed(new SealedHandshake(clientKey, client), impostor)).toBeNull();
  const guest = new SealedHandshake(otherKey, client);
  expect(sealed(guest, new SealedHandshake(serverKey, server))).toBeNull();
});

test('other hellos end it, though the keys are the same: what is replayed is worth nothing', () => {
  const [before, after] = [hellos(), hellos()];
  expect(
    sealed(new SealedHandshake(clientKey, before.client), new SealedHandshake(serverKey, after.server)),
  ).toBeNull();
  // A recorded first message leads nowhere: nobody can answer the second.
  const [client, server] = pair();
  const first = body(client.start()!);
  const [, again] = pair();
  expect(server.receive(first).kind).toBe('continue');
  const answer = again.receive(first);
  expect(answer.kind).toBe('continue');
  if (answer.kind === 'continue') expect(client.receive(body(answer.send)).kind).toBe('failed');
});

test('what comes out of turn, too long, too short or twice is refused for good', () => {
  const [client, server] = pair();
  const first = body(client.start()!);
  expect(server.receive(concatBytes(first, new Uint8Array(1))).kind).toBe('failed');
  expect(server.receive(first).kind).toBe('failed');
  const [, short] = pair();
  expect(short.receive(new Uint8Array(0)).kind).toBe('failed');
  const [, long] = pair();
  expect(long.receive(new Uint8Array(65_536)).kind).toBe('failed');
});

// A puts nonce and ephemeral key of C, who talks to it, into hellos of its own to V, and those of V into its answer to C:
// C and V then share the reference's session secret, while each believes to share it with A. Nothing is sealed by that.
test('the transcript attack gives a common session secret, and no session', () => {
  const [attacker, victim] = [otherKey, responderOf(serverKey)];
  const client = initiatorOf(clientKey);
  const signed = (fields: Parameters<typeof signHello>[2]) =>
    body(helloFrame(signHello(attacker, DIALECT_2, fields), DIALECT_2));
  const timestamp = BigInt(NOW);
  const hello = decodeHello(body(client.start(NOW)));
  const toVictim = { capabilities, nonce: hello.nonce, ephemeralKey: hello.ephemeralKey, timestamp };
  const answer = victim.receive(signed({ ...toVictim, echoedNonce: null }), NOW);
  const theirs = decodeHello(body(answer.send!));
  const toClient = { capabilities, nonce: theirs.nonce, ephemeralKey: theirs.ephemeralKey, timestamp };
  const atClient = resultOf(client.receive(signed({ ...toClient, echoedNonce: hello.nonce }), NOW));
  const atVictim = resultOf(victim.receive(signed({ ...toVictim, echoedNonce: theirs.nonce }), NOW));

  // It works as far as the hellos go ...
  const secretOf = ({ ownEphemeral, peerEphemeralKey, initiatorNonce, responderNonce }: HandshakeResult) =>
    sessionSecret(
      x25519SharedSecret(ownEphemeral.privateKey, peerEphemeralKey)!,
      initiatorNonce,
      responderNonce,
    );
  expect(bytesEqual(secretOf(atClient), secretOf(atVictim))).toBe(true);
  expect(atClient.native && atVictim.native).toBe(true);
  expect(bytesEqual(atClient.peerKey, attacker.publicKey)).toBe(true);
  expect(bytesEqual(atVictim.peerKey, attacker.publicKey)).toBe(true);
  // ... and no further: the two do not mean the same hellos, and neither signs as A.
  expect(
    sealed(new SealedHandshake(clientKey, atClient), new SealedHandshake(serverKey, atVictim)),
  ).toBeNull();
});

test('a record that is changed, cut short, left out, repeated, out of order or sent back is none', () => {
  const spoils: ((records: Uint8Array[], own: Uint8Array) => Uint8Array[])[] = [
    ([first]) => [first!.map((octet, at) => (at === 3 ? octet ^ 1 : octet))],
    ([first]) => [first!.subarray(0, first!.length - 1)],
    ([first]) => [concatBytes(first!, new Uint8Array(1))],
    ([, second]) => [second!],
    ([first, second]) => [second!, first!],
    ([first]) => [first!, first!],
    (_records, own) => [own],
    () => [new Uint8Array(0)],
  ];
  for (const spoil of spoils) {
    const { client, server } = recordsOf();
    const records = bodies([...client.seal(Buffer.from('one')), ...client.seal(Buffer.from('two'))]);
    const [own] = bodies(server.seal(Buffer.from('mine')));
    const opened = spoil(records, own!).map((record) => server.open(record));
    expect(opened.at(-1)).toBeNull();
  }
});
