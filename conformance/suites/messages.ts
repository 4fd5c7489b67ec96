import { encodeWith } from '../../src/protocol/cbor/codec.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/protocol/wire/envelope.ts';
import { asNumber, asObject, asOctets, asText, type JsonObject, toHex } from '../json.ts';
import { payloadCodec } from '../payload-codec.ts';
import { compare } from '../same-value.ts';
import type { Report, Suite } from '../suite.ts';

/** Every message: its envelope and payload decode to what is written down, and encode to the same octets. */
export const messages: Suite = {
  name: 'messages',
  sections: ['generated.messages'],
  run(section, value, report) {
    for (const [name, entry] of Object.entries(asObject(value, section))) {
      report.attempt(name, () => checkMessage(name, asObject(entry, name), report));
    }
  },
};

function checkMessage(name: string, entry: JsonObject, report: Report): void {
  const envelopeOctets = asOctets(entry.envelope_hex, 'envelope_hex');
  const payloadHex = asText(entry.payload_hex, 'payload_hex');
  const envelope = decodeEnvelope(envelopeOctets);
  report.equal(`${name} type`, String(asNumber(entry.type, 'type')), String(envelope.type));
  report.equal(`${name} req_id`, String(asNumber(entry.req_id, 'req_id')), String(envelope.reqId));
  report.equal(`${name} payload`, payloadHex, toHex(envelope.payload));
  report.equal(`${name} envelope again`, toHex(envelopeOctets), toHex(encodeEnvelope(envelope)));
  const codec = payloadCodec(envelope);
  if (codec === null) {
    report.fail(name, 'a known message type', String(envelope.type));
    return;
  }
  const decoded = codec.read(new Reader(envelope.payload));
  const { difference, otherKeys } = compare(entry.decoded, decoded);
  report.equal(
    `${name} decoded`,
    'as written down',
    difference ?? (otherKeys ? 'other keys' : 'as written down'),
  );
  report.equal(`${name} payload again`, payloadHex, toHex(encodeWith(codec, decoded)));
}
