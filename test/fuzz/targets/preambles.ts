import {
  decodeDialRequest,
  decodeOpening,
  encodeDialFailed,
  encodeDialRequest,
  encodeStreamOpen,
  PreambleReader,
} from '../../../src/bridge-link/preamble.ts';
import { DecodeError } from '../../../src/protocol/cbor/decode-error.ts';
import { must, orDeclared, type Target } from '../target.ts';

const request = { host: '2001:db8::1', port: 7000, ms: 5_000, congestion: 'bbr' } as const;
const seeds = [
  encodeDialRequest(request),
  encodeStreamOpen({ role: 'accepted', remote: '192.0.2.1:7000', alpn: null }),
  encodeStreamOpen({ role: 'dialled', remote: '[2001:db8::1]:7000', alpn: 'granary/1' }),
  encodeDialFailed('no answer in time'),
];

export const preambles: readonly Target[] = [
  {
    name: 'preamble',
    covers: ['bridge-link/preamble.ts decodeDialRequest', 'bridge-link/preamble.ts decodeOpening'],
    form: 'octets',
    seeds: () => [...seeds, ...seeds.map((seed) => seed.subarray(2))],
    run(input) {
      const asked = orDeclared(DecodeError, () => decodeDialRequest(input));
      if (asked !== null)
        must(same(decodeDialRequest(bodyOf(encodeDialRequest(asked))), asked), 'another request');
      const opening = orDeclared(DecodeError, () => decodeOpening(input));
      if (opening !== null && opening.role !== 'failed') {
        must(same(decodeOpening(bodyOf(encodeStreamOpen(opening))), opening), 'another opening');
      }
      // However the octets come, no more is taken than belongs to it.
      const [whole, pieces] = [taken(input, input.length || 1), taken(input, 1 + (input.length % 5))];
      must(same(whole, pieces), 'the pieces decide what the preamble is');
    },
  },
];

const bodyOf = (preamble: Uint8Array): Uint8Array => preamble.subarray(2);
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

function taken(input: Uint8Array, step: number): { json: string | null; used: number } | null {
  const reader = new PreambleReader();
  let at = 0;
  return orDeclared(DecodeError, () => {
    while (at < input.length && reader.missing > 0) {
      const count = Math.min(step, reader.missing, input.length - at);
      const json = reader.add(input.subarray(at, at + count));
      at += count;
      if (json !== null) return { json: Buffer.from(json).toString('hex'), used: at };
    }
    return { json: null, used: at };
  });
}
