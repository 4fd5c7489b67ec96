import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatIp } from '../../../src/protocol/addresses/ip.ts';
import { hostOf, neighbourhoodOf } from '../../../src/protocol/addresses/neighbourhood.ts';

const octets = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).chain((some) =>
    // Runs of zeros are what the short form of IPv6 is about.
    fc
      .array(fc.boolean(), { minLength: length / 2, maxLength: length / 2 })
      .map((zeros) => some.map((octet, i) => (zeros[i >> 1] ? 0 : octet))),
  );
const same = (a: Uint8Array, b: Uint8Array, count: number) =>
  a.subarray(0, count).every((octet, i) => octet === b[i]);

describe('who is counted together', () => {
  test.each([
    ['192.0.2.7', '192.0.2', '192.0.2.7'],
    ['::1', '0:0:0', '0:0:0:0'],
    ['::', '0:0:0', '0:0:0:0'],
    ['2001:db8::1', '2001:db8:0', '2001:db8:0:0'],
    ['2001:db8:1:2::', '2001:db8:1', '2001:db8:1:2'],
    ['1::2:3:4:5:6', '1:0:0', '1:0:0:2'],
    ['1:2:3:4:5:6:7:8', '1:2:3', '1:2:3:4'],
  ])('%s', (ip, net, host) => {
    expect([neighbourhoodOf(ip), hostOf(ip)]).toEqual([net, host]);
  });

  test.each([
    [4, 3, 4],
    [16, 6, 8],
  ])('addresses of %i octets with the same first %i, or %i, and no others', (length, net, host) => {
    fc.assert(
      fc.property(octets(length), octets(length), fc.nat(length), (a, b, common) => {
        b.set(a.subarray(0, common));
        const [one, other] = [formatIp(a), formatIp(b)];
        expect(neighbourhoodOf(one) === neighbourhoodOf(other)).toBe(same(a, b, net));
        expect(hostOf(one) === hostOf(other)).toBe(same(a, b, host));
      }),
    );
  });
});
