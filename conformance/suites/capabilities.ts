import { encodeWith } from '../../src/protocol/cbor/codec.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { DIALECT_1, DIALECT_2 } from '../../src/protocol/dialect.ts';
import { capabilitiesOf, readCapabilities } from '../../src/protocol/wire/capabilities.ts';
import { asObject, asOctets, asText, toHex } from '../json.ts';
import type { Suite } from '../suite.ts';

const REENCODED = '_reencoded_hex';

/** Capability maps of five and of eight keys; a short one is written long by a node of dialect 2. */
export const capabilities: Suite = {
  name: 'capabilities',
  sections: ['generated.capabilities'],
  run(section, value, report) {
    const entry = asObject(value, section);
    for (const [name, hex] of Object.entries(entry)) {
      if (!name.endsWith('_hex')) continue;
      const octets = asText(hex, name);
      const decoded = readCapabilities(new Reader(asOctets(octets, name)));
      const dialect = decoded.keys === 5 ? DIALECT_1 : DIALECT_2;
      report.equal(name, octets, toHex(encodeWith(capabilitiesOf(dialect), decoded)));
      const long = entry[name.slice(0, -'_hex'.length) + REENCODED];
      if (long === undefined) continue;
      const again = toHex(encodeWith(capabilitiesOf(DIALECT_2), decoded));
      report.equal(`${name} with eight keys`, asText(long, name), again);
    }
  },
};
