import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Address,
  formatAddress,
  fromPeerAddr,
  parseAddress,
  toPeerAddr,
} from '../../../src/protocol/addresses/address.ts';
import { formatIp, parseIp } from '../../../src/protocol/addresses/ip.ts';
import { octets, peerAddr } from '../objects/arbitrary.ts';

const KEY = 'ab'.repeat(32);

describe('IP literals', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:0:0:2:0:0:3:4', '1::2:0:0:3:4'],
    ['fe80::', 'fe80::'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ])('%s is written %s', (given, canonical) => {
    expect(formatIp(parseIp(given)!)).toBe(canonical);
  });

  test.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', 'fe80::1%eth0', ':::', '1::2::3', 'host'])(
    '%s is none',
    (text) => {
      expect(parseIp(text)).toBeNull();
    },
  );

  test('round trip', () => {
    // Zeros often, so that runs of them are written short.
    const sparse = fc.array(fc.constantFrom(0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 });
    fc.assert(
      fc.property(
        fc.oneof(
          octets(4),
          octets(16),
          sparse.map((a) => Uint8Array.from(a)),
        ),
        (ip) => {
          expect(parseIp(formatIp(ip))).toEqual(ip);
        },
      ),
    );
  });
});

describe('addresses', () => {
  test.each([
    ['192.0.2.1:7001', 'tcp://192.0.2.1:7001'],
    ['tcp://192.0.2.1:7001', 'tcp://192.0.2.1:7001'],
    ['quic://[2001:db8::1]:7000', 'quic://[2001:db8::1]:7000'],
    [`[::1]:1@${KEY.toUpperCase()}`, `tcp://[::1]:1@${KEY}`],
    ['  quic://10.0.0.1:65535 ', 'quic://10.0.0.1:65535'],
  ])('%s', (text, canonical) => {
    const parsed = parseAddress(text);
    expect(parsed.ok && formatAddress(parsed.address)).toBe(canonical);
  });

  test.each([
    ['', 'port'],
    ['192.0.2.1', 'port'],
    ['192.0.2.1:', 'port'],
    ['192.0.2.1:0', 'port'],
    ['192.0.2.1:65536', 'port'],
    ['192.0.2.1:+80', 'port'],
    ['192.0.2.1: 80', 'port'],
    ['http://192.0.2.1:80', 'transport'],
    ['TCP://192.0.2.1:80', 'transport'],
    ['2001:db8::1:80', 'host'],
    ['[192.0.2.1]:80', 'host'],
    ['[::1:80', 'host'],
    [':80', 'host'],
    ['example.org:80', 'host'],
    ['192.0.2.1:80@', 'node-key'],
    [`192.0.2.1:80@${KEY}0`, 'node-key'],
    [`192.0.2.1:80@${'zz'.repeat(32)}`, 'node-key'],
    [`${'a'.repeat(500)}:80`, 'too-long'],
  ])('%s is refused: %s', (text, reason) => {
    expect(parseAddress(text)).toEqual({ ok: false, reason });
  });

  test('host names only where they are allowed', () => {
    const options = { hostNames: true };
    const parsed = parseAddress('quic://Seed.Example.org:7000', options);
    expect(parsed).toMatchObject({ ok: true, address: { host: 'seed.example.org' } });
    expect(parsed.ok && toPeerAddr(parsed.address)).toBeNull();
    for (const bad of [
      '-a.org:1',
      'a-.org:1',
      'a..org:1',
      'a.1:1',
      '1.2.3.999:1',
      'a b:1',
      `${'a'.repeat(64)}:1`,
    ]) {
      expect(parseAddress(bad, options)).toEqual({ ok: false, reason: 'host' });
    }
  });

  test('to the wire and back', () => {
    fc.assert(
      fc.property(peerAddr, (peer) => {
        const address = fromPeerAddr(peer)!;
        expect(toPeerAddr(address)).toEqual(peer);
        if (peer.port === 0) return;
        expect(parseAddress(formatAddress(address))).toEqual({ ok: true, address } satisfies {
          ok: true;
          address: Address;
        });
      }),
    );
    fc.assert(
      fc.property(peerAddr, (relayAddr) => {
        expect(fromPeerAddr({ ...relayAddr, relayVia: { relayAddr, slotId: 1n } })).toBeNull();
      }),
      { numRuns: 5 },
    );
  });

  test('any text is an address or a reason', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), (text) => {
        const parsed = parseAddress(text, { hostNames: true });
        if (parsed.ok)
          expect(parseAddress(formatAddress(parsed.address), { hostNames: true })).toEqual(parsed);
      }),
      { numRuns: 500 },
    );
  });
});
