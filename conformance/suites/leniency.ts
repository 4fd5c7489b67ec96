import { DecodeError } from '../../src/protocol/cbor/decode-error.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { parseDhtValue } from '../../src/protocol/objects/dht-value.ts';
import { messageSpec } from '../../src/protocol/wire/registry.ts';
import { asList, asNumber, asObject, asOctets, asText, type JsonObject } from '../json.ts';
import type { Suite } from '../suite.ts';
import { LENIENCY_INPUTS, type LeniencyInput } from './leniency-inputs.ts';

/** What decoders take and refuse beyond the canonical form. */
export const leniency: Suite = {
  name: 'decoder leniency',
  sections: ['generated.decoder_leniency'],
  run(section, value, report) {
    const seen = new Map<string, number>();
    for (const entry of asList(value, section)) {
      const lenient = asObject(entry, section);
      const name = asText(lenient.case, 'case');
      const occurrence = seen.get(name) ?? 0;
      seen.set(name, occurrence + 1);
      report.attempt(name, () => {
        if (Object.hasOwn(lenient, 'tagged_hex')) {
          const content = parseDhtValue(asOctets(lenient.tagged_hex, 'tagged_hex'));
          report.equal(name, asText(lenient.result, 'result'), content === null ? 'rejected' : 'accepted');
          return;
        }
        const input = inputOf(lenient, name, occurrence);
        if (input === null) report.skip(name);
        else report.equal(name, asText(lenient.result, 'result'), verdict(input));
      });
    }
  },
};

function inputOf(lenient: JsonObject, name: string, occurrence: number): LeniencyInput | null {
  if (!Object.hasOwn(lenient, 'payload_hex')) {
    const inputs = Object.hasOwn(LENIENCY_INPUTS, name) ? LENIENCY_INPUTS[name] : undefined;
    return inputs?.[Math.min(occurrence, inputs.length - 1)] ?? null;
  }
  const spec = messageSpec(asNumber(lenient.type, 'type'));
  if (spec === null) return null;
  const codec = spec.kind === 'request' ? spec.request : spec.reply;
  return { codec, octets: asOctets(lenient.payload_hex, 'payload_hex') };
}

function verdict({ codec, octets }: LeniencyInput): 'accepted' | 'rejected' {
  try {
    codec.read(new Reader(octets));
    return 'accepted';
  } catch (error) {
    if (error instanceof DecodeError) return 'rejected';
    throw error;
  }
}
