import { type Codec, encodeWith } from '../../src/protocol/cbor/codec.ts';
import { DecodeError } from '../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { type Store, store } from '../../src/protocol/wire/dht.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/protocol/wire/envelope.ts';
import { messageSpec } from '../../src/protocol/wire/registry.ts';
import { asObject, asOctets, type JsonObject, MalformedVectors, toHex } from '../json.ts';
import { payloadCodec } from '../payload-codec.ts';
import type { Report, Suite } from '../suite.ts';
import { type Derivation, objectDerivation } from './cbor-objects.ts';

const U64_MAX = 0xffff_ffff_ffff_ffffn;

/** The flat table of encodings: what is known by its name decodes and encodes to the same octets. */
export const cborTable: Suite = {
  name: 'cbor table',
  sections: ['generated.cbor'],
  run(section, value, report) {
    const table = asObject(value, section);
    for (const name of Object.keys(table)) report.attempt(name, () => checkEntry(name, table, report));
  },
};

function checkEntry(name: string, table: JsonObject, report: Report): void {
  if (name.endsWith('.envelope') || name.startsWith('envelope.')) {
    checkEnvelope(name, asOctets(table[name], name), report);
    return;
  }
  if (name === 'store.ttl_u64_max') {
    checkWrappedTtl(name, asOctets(table[name], name), report);
    return;
  }
  const derivation = derivationOf(name, table);
  if (derivation === null) {
    report.skip(name);
    return;
  }
  const made = derivation.rebuild(asOctets(table[derivation.from], derivation.from));
  report.equal(name, toHex(asOctets(table[name], name)), toHex(made));
}

function derivationOf(name: string, table: JsonObject): Derivation | null {
  const codec = messageEntryCodec(name);
  if (codec === null) return objectDerivation(name, (other) => Object.hasOwn(table, other));
  return { from: name, rebuild: (octets) => encodeWith(codec, codec.read(new Reader(octets))) };
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

/** Entries named after a message: `find_node.payload`, `relay_register.renew.payload`, `find_node_result.empty`. */
function messageEntryCodec(name: string): Codec<unknown> | null {
  const [first = '', ...rest] = name.split('.');
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
