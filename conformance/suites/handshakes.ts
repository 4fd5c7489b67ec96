import { keyPairFromSeed, sign, verify } from '../../src/protocol/crypto/ed25519.ts';
import { sessionSecret } from '../../src/protocol/crypto/session-secret.ts';
import { x25519FromSecret, x25519SharedSecret } from '../../src/protocol/crypto/x25519.ts';
import { dialectOf } from '../../src/protocol/dialect.ts';
import {
  decodeHello,
  encodeHello,
  helloSigningInput,
  type ReceivedHello,
} from '../../src/protocol/handshake/hello.ts';
import { createInitiator } from '../../src/protocol/handshake/initiator.ts';
import { createReplayTable } from '../../src/protocol/handshake/replay-table.ts';
import { createResponder } from '../../src/protocol/handshake/responder.ts';
import { LENGTH_PREFIX } from '../../src/protocol/wire/limits.ts';
import { asList, asObject, asOctets, asText, type JsonObject, MalformedVectors, toHex } from '../json.ts';
import type { Report, Suite } from '../suite.ts';

/** The three frames of a handshake, each octet of them, and the secret both sides share. */
export const handshakes: Suite = {
  name: 'handshakes',
  sections: ['generated.handshake_transcript', 'generated.handshakes', 'generated.handshake_known_ephemeral'],
  run(section, value, report) {
    if (section === 'generated.handshake_transcript') {
      checkTranscript(asObject(value, section), report);
      return;
    }
    const check = section === 'generated.handshakes' ? checkRecorded : checkKnownEphemeral;
    asList(value, section).forEach((entry, i) => {
      report.attempt(`handshake ${i}`, () => check(asObject(entry, section), report));
    });
  },
};

type Frames = readonly [client: Uint8Array, server: Uint8Array, ack: Uint8Array];

const NAMES = ['ClientHello', 'ServerHello', 'ClientAck'];

/** Both sides' secrets are known: both are played. */
function checkTranscript(entry: JsonObject, report: Report): void {
  const inputs = asObject(entry.inputs, 'inputs');
  const messages = [entry.client_hello, entry.server_hello, entry.client_ack].map((m) =>
    asObject(m, 'hello'),
  );
  messages.forEach((message, i) => {
    checkMessage(message, NAMES[i]!, report);
  });
  const frames = framesOf(messages);
  const secrets = (side: string) => ({
    seed: asOctets(inputs[`${side}_seed_hex`], 'seed'),
    ephemeral: asOctets(inputs[`${side}_x25519_secret_hex`], 'x25519_secret'),
    nonce: asOctets(inputs[`${side}_nonce_hex`], 'nonce'),
  });
  const initiator = secrets('initiator');
  playInitiator(frames, initiator, report);
  playResponder(frames, secrets('responder'), report);
  const own = x25519FromSecret(initiator.ephemeral);
  report.equal(
    'initiator ephemeral',
    asText(entry.initiator_ephemeral_pub_hex, 'initiator_ephemeral_pub_hex'),
    toHex(own.publicKey),
  );
  checkSecrets(entry, initiator.ephemeral, decode(frames[1]).ephemeralKey, frames, report);
}

/** One side was the library, the other a client with known secrets: that one is played. */
function checkKnownEphemeral(entry: JsonObject, report: Report): void {
  const listed = asList(entry.frames, 'frames').map((frame) => asObject(frame, 'frame'));
  // Our frames come first in the list, whatever the order on the wire; of the library's only the octets are known.
  const messages = NAMES.map((name) =>
    asObject(
      listed.find((frame) => frame.message === name),
      name,
    ),
  );
  messages.forEach((message, i) => {
    if (Object.hasOwn(message, 'signable_hex')) checkMessage(message, NAMES[i]!, report);
  });
  const frames = framesOf(messages);
  const own = {
    seed: asOctets(entry.our_seed_hex, 'our_seed_hex'),
    ephemeral: asOctets(entry.our_x25519_secret_hex, 'our_x25519_secret_hex'),
    nonce: asOctets(entry.our_nonce_hex, 'our_nonce_hex'),
  };
  const role = asText(entry.our_role, 'our_role');
  if (role === 'initiator') playInitiator(frames, own, report);
  else playResponder(frames, own, report);
  const peer = decode(frames[role === 'initiator' ? 1 : 0]);
  const library = keyPairFromSeed(asOctets(entry.library_seed_hex, 'library_seed_hex'));
  report.equal('peer key', toHex(library.publicKey), toHex(peer.nodeKey));
  checkSecrets(entry, own.ephemeral, peer.ephemeralKey, frames, report);
}

/** No side's ephemeral secret is known: encodings, signatures, nonces and repetitions can be checked. */
function checkRecorded(entry: JsonObject, report: Report): void {
  const frames = framesOf(asList(entry.frames, 'frames').map((frame) => asObject(frame, 'frame')));
  const [client, server, ack] = frames.map(decode) as [ReceivedHello, ReceivedHello, ReceivedHello];
  const seeds = ['initiator', 'responder', 'initiator'];
  [client, server, ack].forEach((hello, i) => {
    const key = keyPairFromSeed(asOctets(entry[`${seeds[i]}_seed_hex`], 'seed'));
    const input = helloSigningInput(hello, hello.capabilities.keys);
    report.equal(`${NAMES[i]} key`, toHex(key.publicKey), toHex(hello.nodeKey));
    report.equal(`${NAMES[i]} signature`, toHex(sign(key.privateKey, input)), toHex(hello.signature));
    report.equal(`${NAMES[i]} verify`, 'true', String(verify(hello.nodeKey, input, hello.signature)));
    const again = encodeHello(hello, hello.capabilities.keys);
    report.equal(`${NAMES[i]} again`, toHex(frames[i]!.subarray(LENGTH_PREFIX)), toHex(again));
  });
  const initiatorNonce = asText(entry.initiator_nonce_hex, 'initiator_nonce_hex');
  const responderNonce = asText(entry.responder_nonce_hex, 'responder_nonce_hex');
  report.equal('initiator nonce', initiatorNonce, toHex(client.nonce));
  report.equal('responder nonce', responderNonce, toHex(server.nonce));
  report.equal('first echo', 'null', String(client.echoedNonce));
  report.equal('server echo', initiatorNonce, toHex(server.echoedNonce ?? new Uint8Array(0)));
  report.equal('ack echo', responderNonce, toHex(ack.echoedNonce ?? new Uint8Array(0)));
  const repeated = (hello: ReceivedHello) =>
    [toHex(hello.nonce), toHex(hello.ephemeralKey), JSON.stringify(hello.capabilities)].join();
  report.equal('ack repeats the hello', repeated(client), repeated(ack));
}

interface OwnSecrets {
  readonly seed: Uint8Array;
  readonly ephemeral: Uint8Array;
  readonly nonce: Uint8Array;
}

function playInitiator(frames: Frames, own: OwnSecrets, report: Report): void {
  const [client, server, ack] = frames;
  const first = decode(client);
  const initiator = createInitiator({
    key: keyPairFromSeed(own.seed),
    dialect: dialectOfHello(first),
    capabilities: first.capabilities,
    expectedKey: decode(server).nodeKey,
    secrets: { nonce: own.nonce, ephemeral: x25519FromSecret(own.ephemeral) },
  });
  report.equal('ClientHello made', toHex(client), toHex(initiator.start(Number(first.timestamp))));
  const step = initiator.receive(server.subarray(LENGTH_PREFIX), Number(decode(ack).timestamp));
  report.equal('initiator', 'done', step.kind);
  report.equal('ClientAck made', toHex(ack), toHex(step.send ?? new Uint8Array(0)));
}

function playResponder(frames: Frames, own: OwnSecrets, report: Report): void {
  const [client, server, ack] = frames;
  const answer = decode(server);
  const now = Number(answer.timestamp);
  const responder = createResponder({
    key: keyPairFromSeed(own.seed),
    capabilities: answer.capabilities,
    replays: createReplayTable(),
    secrets: () => ({ nonce: own.nonce, ephemeral: x25519FromSecret(own.ephemeral) }),
  });
  const step = responder.receive(client.subarray(LENGTH_PREFIX), now);
  report.equal('ServerHello made', toHex(server), toHex(step.send ?? new Uint8Array(0)));
  report.equal('responder', 'done', responder.receive(ack.subarray(LENGTH_PREFIX), now).kind);
}

function checkMessage(message: JsonObject, name: string, report: Report): void {
  const frame = asText(message.frame_hex, 'frame_hex');
  const hello = decode(asOctets(frame, 'frame_hex'));
  const keys = hello.capabilities.keys;
  const body = asText(message.hello_cbor_hex, 'hello_cbor_hex');
  report.equal(`${name} frame`, frame.slice(2 * LENGTH_PREFIX), body);
  report.equal(`${name} again`, body, toHex(encodeHello(hello, keys)));
  const input = asText(message.signable_hex, 'signable_hex');
  report.equal(`${name} signing input`, input, toHex(helloSigningInput(hello, keys)));
  report.equal(`${name} signature`, asText(message.signature_hex, 'signature_hex'), toHex(hello.signature));
}

function checkSecrets(
  entry: JsonObject,
  ephemeral: Uint8Array,
  peerEphemeral: Uint8Array,
  [client, server]: Frames,
  report: Report,
): void {
  const shared = x25519SharedSecret(x25519FromSecret(ephemeral).privateKey, peerEphemeral);
  if (shared === null) throw new MalformedVectors('the ephemeral keys give no secret');
  report.equal('shared secret', asText(entry.dh_shared_hex, 'dh_shared_hex'), toHex(shared));
  const secret = sessionSecret(shared, decode(client).nonce, decode(server).nonce);
  report.equal('session secret', asText(entry.session_secret_hex, 'session_secret_hex'), toHex(secret));
}

function framesOf(messages: readonly JsonObject[]): Frames {
  const frames = messages.map((message) => asOctets(message.frame_hex, 'frame_hex'));
  if (frames.length !== 3) throw new MalformedVectors('a handshake has three frames');
  return frames as unknown as Frames;
}

function decode(frame: Uint8Array): ReceivedHello {
  return decodeHello(frame.subarray(LENGTH_PREFIX));
}

function dialectOfHello(hello: ReceivedHello) {
  const dialect = dialectOf(hello.protocolVersion, hello.capabilities.keys);
  if (dialect === null) throw new MalformedVectors('a hello in no known form');
  return dialect;
}
