import type { NetworkInterfaceInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { advertisedAs, advertisedOf } from '../../../src/actors/acceptor/advertised.ts';

const of = (family: 'IPv4' | 'IPv6', address: string, internal = false) =>
  ({ family, address, internal }) as NetworkInterfaceInfo;
const LO = [of('IPv4', '127.0.0.1', true), of('IPv6', '::1', true)];
const HOST = {
  lo: LO,
  eth0: [
    of('IPv4', '192.0.2.5'),
    of('IPv6', '2001:db8::5'),
    of('IPv6', 'fe80::1'),
    of('IPv4', '169.254.3.4'),
  ],
};

describe('what is told to others', () => {
  test.each<[string, string[], string[]]>([
    ['one address', ['tcp://203.0.113.9:7001'], ['tcp://203.0.113.9:7001']],
    ['the wildcard of IPv4', ['tcp://0.0.0.0:7001'], ['tcp://192.0.2.5:7001']],
    [
      'that of IPv6, which takes IPv4 as well',
      ['tcp://[::]:7001'],
      ['tcp://192.0.2.5:7001', 'tcp://[2001:db8::5]:7001'],
    ],
    [
      'both, each for its own',
      ['tcp://0.0.0.0:7001', 'tcp://[::]:7002'],
      ['tcp://192.0.2.5:7001', 'tcp://[2001:db8::5]:7002'],
    ],
    ['the same twice', ['tcp://0.0.0.0:1', 'tcp://192.0.2.5:1'], ['tcp://192.0.2.5:1']],
    ['nothing', [], []],
  ])('%s', (_, bound, told) => {
    expect(advertisedOf(bound, HOST)).toEqual(told);
  });

  test('loopback only when there is nothing else', () => {
    expect(advertisedOf(['tcp://0.0.0.0:1'], { lo: LO })).toEqual(['tcp://127.0.0.1:1']);
    expect(advertisedOf(['tcp://0.0.0.0:1'], {})).toEqual([]);
  });

  test('no more than a link carries', () => {
    const eth0 = Array.from({ length: 20 }, (_, i) => of('IPv4', `192.0.2.${i}`));
    expect(advertisedOf(['tcp://0.0.0.0:1'], { eth0 })).toHaveLength(8);
  });

  test('TCP and QUIC of a host stand side by side', () => {
    const eth0 = Array.from({ length: 20 }, (_, i) => of('IPv4', `192.0.2.${i}`));
    const told = advertisedOf(['tcp://0.0.0.0:1', 'quic://0.0.0.0:2'], { eth0 });
    expect(told).toHaveLength(8);
    expect(told.slice(0, 3)).toEqual(['tcp://192.0.2.0:1', 'quic://192.0.2.0:2', 'tcp://192.0.2.1:1']);
  });

  test('what the operator wants told is checked', () => {
    expect(advertisedAs(['tcp://203.0.113.9:7001', 'quic://203.0.113.9:7000', '[2001:DB8::1]:5'])).toEqual([
      'tcp://203.0.113.9:7001',
      'quic://203.0.113.9:7000',
      'tcp://[2001:db8::1]:5',
    ]);
    for (const wrong of ['', 'tcp://seedbox.example:7001', `1.2.3.4:5@${'00'.repeat(32)}`]) {
      expect(() => advertisedAs([wrong])).toThrow(
        expect.objectContaining({ code: 'E_CONFIG', subject: wrong }),
      );
    }
  });
});
