import { type Codec, encodeWith } from '../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { DIALECT_1, DIALECT_2 } from '../../src/protocol/dialect.ts';
import {
  type Capabilities,
  capabilitiesOf,
  type ReceivedCapabilities,
} from '../../src/protocol/wire/capabilities.ts';
import { type Store, store } from '../../src/protocol/wire/dht.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/protocol/wire/envelope.ts';
import { peerAddr } from '../../src/protocol/wire/peer-addr.ts';
import { messageSpec } from '../../src/protocol/wire/registry.ts';
import { asObject, asOctets, MalformedVectors, toHex } from '../json.ts';
import { payloadCodec } from '../payload-codec.ts';
import type { Report, Suite } from '../suite.ts';

const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** The flat table of encodings: what is known by its name decodes and encodes to the same octets. */
export const cborTable: Suite = {
  name: 'cbor table',
  sections: ['generated.cbor'],
  run(section, value, report) {
    for (const [name, hex] of Object.entries(asObject(value, section))) {
      report.attempt(name, () => checkEntry(name, hex, report));
    }
  },
};

function checkEntry(name: string, value: unknown, report: Report): void {
  if (name.endsWith('.envelope') || name.startsWith('envelope.')) {
    checkEnvelope(name, asOctets(value, name), report);
    return;
  }
  if (name === 'store.ttl_u64_max') {
    checkWrappedTtl(name, asOctets(value, name), report);
    return;
  }
  const codec = codecOf(name);
  if (codec === null) {
    report.skip(name);
    return;
  }
  const octets = asOctets(value, name);
  report.equal(name, toHex(octets), toHex(encodeWith(codec, codec.read(new Reader(octets)))));
}

function checkEnvelope(name: string, octets: Uint8Array, report: Report): void {
  const envelope = decodeEnvelope(octets);
  report.equal(name, toHex(octets), toHex(encodeEnvelope(envelope)));
  const codec = payloadCodec(envelope);
  if (codec === null || envelope.flags > 1) return;
  const again = encodeWith(codec, codec.read(new Reader(envelope.payload)));
  report.equal(`${name} payload`, toHex(envelope.payload), toHex(again));
}

/** A ttl from 2^63 turns negative on the wire, and nobody reads it back. */
function checkWrappedTtl(name: string, octets: Uint8Array, report: Report): void {
  const fields: Partial<Record<number, Uint8Array>> = {};
  const r = new Reader(octets);
  r.eachIntEntry((key) => {
    if (key === 2) r.skip();
    else fields[key] = r.byteString();
  });
  const { 0: key, 1: content } = fields;
  if (key === undefined || content === undefined) throw new MalformedVectors(`${name}: fields are missing`);
  const value: Store = { key, value: content, ttlSecs: U64_MAX };
  report.equal(name, toHex(octets), toHex(encodeWith(store, value)));
  try {
    store.read(new Reader(octets));
    report.fail(`${name} read`, 'refused', 'read');
  } catch (error) {
    report.equal(`${name} read`, 'true', String(error instanceof DecodeError));
  }
}

const capabilities: Codec<Capabilities> = {
  read: capabilitiesOf(DIALECT_1).read,
  write: (w, value) =>
    capabilitiesOf((value as ReceivedCapabilities).keys === 5 ? DIALECT_1 : DIALECT_2).write(w, value),
};

/** Codecs of entries that are no message, by the beginning of the name. */
const OTHERS: Readonly<Record<string, Codec<never>>> = {
  capabilities: capabilities as Codec<never>,
  peer_addr: peerAddr as Codec<never>,
};

/** Entries named after a message: `find_node.payload`, `relay_register.renew.payload`, `find_node_result.empty`. */
function codecOf(name: string): Codec<unknown> | null {
  const [first = '', ...rest] = name.split('.');
  if (Object.hasOwn(OTHERS, first)) return OTHERS[first] as Codec<unknown>;
  if (first.endsWith('_result')) return messageCodec(first.slice(0, -'_result'.length), 'reply');
  return rest.at(-1) === 'payload' ? messageCodec(first, 'request') : null;
}

function messageCodec(snakeName: string, side: 'request' | 'reply'): Codec<unknown> | null {
  const name = snakeName.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  // Numbers of messages are below 1000; there are too few to keep an index for this.
  for (let type = 0; type < 1000; type++) {
    const spec = messageSpec(type);
    if (spec?.name === name) return spec.kind === 'request' ? spec[side] : spec.reply;
  }
  return null;
}
