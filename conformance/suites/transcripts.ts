import { encodeWith } from '../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { verify } from '../../src/protocol/crypto/ed25519.ts';
import { decodeHello, encodeHello, helloSigningInput } from '../../src/protocol/handshake/hello.ts';
import { decodeEnvelope, type Envelope, encodeEnvelope } from '../../src/protocol/wire/envelope.ts';
import { errorTextOf, isError } from '../../src/protocol/wire/errors.ts';
import { LENGTH_PREFIX, MAX_FRAME } from '../../src/protocol/wire/limits.ts';
import { asList, asNumber, asObject, asOctets, asText, isObject, type JsonObject, toHex } from '../json.ts';
import { payloadCodec } from '../payload-codec.ts';
import { compare } from '../same-value.ts';
import type { Report, TranscriptSuite } from '../suite.ts';

/** One frame, with what is needed to judge it. */
interface Frame {
  readonly name: string;
  readonly body: Uint8Array;
  readonly decoded: JsonObject;
  readonly fromInitiator: boolean;
  /** Sent by a client made for the recording, and not by a node: it may be odd on purpose. */
  readonly handMade: boolean;
  /** Whether the other side sent anything afterwards. */
  readonly answered: boolean;
}

/** Every frame decodes to its reading and encodes to the same octets; hellos verify; errors have their text. */
export const transcripts: TranscriptSuite = {
  name: 'transcripts',
  runTranscript(transcript, report) {
    for (const frame of framesOf(transcript)) {
      report.attempt(frame.name, () => {
        if (Object.hasOwn(frame.decoded, 'handshake')) checkHello(frame, report);
        else checkEnvelope(frame, report);
      });
    }
  },
};

/** Name of the hand-made clients, by the notes to the transcripts. */
const HAND_MADE_CLIENT = 'asker';

function framesOf(transcript: unknown): Frame[] {
  const { connections, frames: list } = asObject(transcript, 'transcript');
  const handMade = new Set(
    asList(connections, 'connections')
      .map((c) => asObject(c, 'connection'))
      .filter((c) => c.a === HAND_MADE_CLIENT)
      .map((c) => c.conn),
  );
  const frames = asList(list, 'frames').map((f) => asObject(f, 'frame'));
  return frames.map((frame, index) => {
    const octets = asOctets(frame.hex, 'hex');
    const length = Buffer.from(octets).readUInt32BE(0);
    if (length !== octets.length - LENGTH_PREFIX || length > MAX_FRAME)
      throw new Error(`frame ${index}: bad length`);
    const fromInitiator = asText(frame.dir, 'dir') === 'a>b';
    const conn = asNumber(frame.conn, 'conn');
    const later = frames.slice(index + 1);
    return {
      name: `frame ${index}`,
      body: octets.subarray(LENGTH_PREFIX),
      decoded: asObject(frame.decoded, 'decoded'),
      fromInitiator,
      handMade: fromInitiator && handMade.has(conn),
      answered: later.some((other) => other.conn === conn && other.dir !== frame.dir),
    };
  });
}

function checkHello(frame: Frame, report: Report): void {
  const hello = decodeHello(frame.body);
  const { handshake: _, ...expected } = frame.decoded;
  const { difference, otherKeys, otherOrder } = compare(expected, {
    nodePubkey: hello.nodeKey,
    capabilities: hello.capabilities,
    nonce: hello.nonce,
    echoedNonce: hello.echoedNonce,
    timestampUnixSecs: hello.timestamp,
    protocolVersion: hello.protocolVersion,
    ephemeralPubkey: hello.ephemeralKey,
    signature: hello.signature,
  });
  report.equal(frame.name, 'as written down', difference ?? 'as written down');
  checkAgain(frame, otherKeys || otherOrder, encodeHello(hello, hello.capabilities.keys), frame.body, report);
  // A node answers none but a good signature; of the rest it cannot be told whether it should be good.
  const input = helloSigningInput(hello, hello.capabilities.keys);
  const valid = verify(hello.nodeKey, input, hello.signature);
  const mustVerify = frame.decoded.handshake === 'ClientHello' ? frame.answered : !frame.fromInitiator;
  if (mustVerify) report.equal(`${frame.name} signature`, 'true', String(valid));
}

function checkEnvelope(frame: Frame, report: Report): void {
  const envelope = decodeEnvelope(frame.body, MAX_FRAME);
  const { type, req_id: reqId, flags, payload } = frame.decoded;
  const head = compare(
    { type, req_id: reqId, flags },
    { type: envelope.type, reqId: envelope.reqId, flags: envelope.flags },
  );
  report.equal(frame.name, 'as written down', head.difference ?? 'as written down');
  report.equal(`${frame.name} again`, toHex(frame.body), toHex(encodeEnvelope(envelope)));
  if (isError(envelope)) checkErrorText(frame, envelope, payload, report);
  else if (payload === null) report.equal(`${frame.name} payload`, '', toHex(envelope.payload));
  else checkPayload(frame, envelope, payload, report);
}

function checkErrorText(frame: Frame, envelope: Envelope, payload: unknown, report: Report): void {
  const expected = isObject(payload) ? payload.error_text : undefined;
  report.equal(`${frame.name} error`, asText(expected, 'error_text'), errorTextOf(envelope));
}

function checkPayload(frame: Frame, envelope: Envelope, payload: unknown, report: Report): void {
  const codec = payloadCodec(envelope);
  if (codec === null) {
    report.skip(`${frame.name}: unknown type`);
    return;
  }
  let value: unknown;
  try {
    value = codec.read(new Reader(envelope.payload));
  } catch (error) {
    // Requests that are wrong on purpose are answered by an error; what a node wrote must be readable.
    if (!(error instanceof DecodeError) || !frame.fromInitiator) throw error;
    report.skip(`${frame.name}: ${error.message}`);
    return;
  }
  const { difference, otherKeys, otherOrder } = compare(payload, value);
  report.equal(`${frame.name} payload`, 'as written down', difference ?? 'as written down');
  checkAgain(frame, otherKeys || otherOrder, encodeWith(codec, value), envelope.payload, report);
}

/** Hand-made requests may leave out defaults, turn keys round and so on; what a node writes has one form. */
function checkAgain(
  frame: Frame,
  otherForm: boolean,
  again: Uint8Array,
  octets: Uint8Array,
  report: Report,
): void {
  const name = `${frame.name} again`;
  const same = toHex(again) === toHex(octets);
  if (!same && (frame.handMade || (frame.fromInitiator && otherForm))) report.skip(name);
  else report.equal(name, toHex(octets), toHex(again));
}
