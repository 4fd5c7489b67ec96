import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseIp } from '../../../src/protocol/addresses/ip.ts';

const number = fc.oneof(
  fc.nat(300).map(String),
  fc.constantFrom('', '0', '00', '01', '255', '256', ' 1', '1 ', '-1', 'a', '1e1'),
);
const text = fc.oneof(
  fc.array(number, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.')),
  fc.string({ unit: fc.constantFrom(...'0129.'), maxLength: 17 }),
);

test('IPv4 literals are what Node takes for them', () => {
  fc.assert(
    fc.property(text, (literal) => {
      const octets = parseIp(literal);
      expect(octets !== null).toBe(isIPv4(literal));
      if (octets !== null) expect([...octets].join('.')).toBe(literal);
    }),
    { numRuns: 2_000 },
  );
});
