import { expect, test } from 'vitest';
import { parseAddress } from '../../../src/protocol/addresses/address.ts';
import {
  type AddressSource,
  type DialScope,
  mayDial,
  publicNeighbourhood,
} from '../../../src/protocol/addresses/may-dial.ts';

const OWN = new Set(['tcp://5.6.7.8:7001', 'tcp://[2a00::1]:7001']);

function may(text: string, scope: DialScope = 'public', source: AddressSource = 'dht'): boolean {
  const parsed = parseAddress(text);
  return parsed.ok && mayDial(parsed.address, source, { scope, own: OWN });
}

const HEARD: readonly (readonly [string, boolean])[] = [
  ['1.2.3.4:7001', true],
  ['1.2.3.4:1023', false],
  ['1.2.3.4:1024', true],
  ['[2a00:1450::5]:7001', true],
  ['100.63.1.1:7001', true],
  ['172.32.0.1:7001', true],
  ['223.255.255.1:7001', true],
  // Own addresses.
  ['5.6.7.8:7001', false],
  ['5.6.7.8:7002', true],
  ['[2a00::1]:7001', false],
  // Places that are nowhere, here, or next door.
  ...[
    '0.0.0.0:7001',
    '0.1.2.3:7001',
    '10.0.0.1:7001',
    '100.64.0.1:7001',
    '127.0.0.1:7001',
    '169.254.1.1:7001',
    '172.16.0.1:7001',
    '172.31.255.1:7001',
    '192.168.0.1:7001',
    '192.0.2.1:7001',
    '198.18.0.1:7001',
    '198.51.100.1:7001',
    '203.0.113.9:7001',
    '224.0.0.1:7001',
    '239.1.1.1:7001',
    '255.255.255.255:7001',
    '[::]:7001',
    '[::1]:7001',
    '[fe80::1]:7001',
    '[fc00::1]:7001',
    '[fd12::1]:7001',
    '[ff02::1]:7001',
    '[2001:db8::1]:7001',
    '[::ffff:127.0.0.1]:7001',
    '[::ffff:10.1.1.1]:7001',
    '[64:ff9b::7f00:1]:7001',
    '[2002:7f00:1::1]:7001',
    '[2002:c0a8:1::1]:7001',
    '[4000::1]:7001',
  ].map((text) => [text, false] as const),
  ['[::ffff:9.9.9.9]:7001', true],
  ['[2002:909:909::1]:7001', true],
];

test.each(HEARD)('%s, heard of, may be dialled: %s', (text, expected) => {
  expect(may(text)).toBe(expected);
});

test('a local network has private addresses as well; a test any that leads somewhere', () => {
  expect(['192.168.1.5:7001', '10.1.1.1:7001', '[fd12::1]:7001'].map((text) => may(text, 'lan'))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['127.0.0.1:7001', '192.168.1.5:80', '169.254.1.1:7001'].map((text) => may(text, 'lan'))).toEqual([
    false,
    false,
    false,
  ]);
  expect(['127.0.0.1:7001', '127.0.0.1:80', '192.168.1.5:7001'].map((text) => may(text, 'test'))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['0.0.0.0:7001', '224.0.0.1:7001', '5.6.7.8:7001'].map((text) => may(text, 'test'))).toEqual([
    false,
    false,
    false,
  ]);
});

test('what an operator typed may be anything but ourselves', () => {
  expect(
    ['127.0.0.1:80', '192.168.1.5:22', '5.6.7.8:7001'].map((text) => may(text, 'public', 'operator')),
  ).toEqual([true, true, false]);
});

test('the neighbourhood of a remote end counts where addresses cost something', () => {
  expect(publicNeighbourhood('8.8.4.4:50123')).toBe('8.8.4');
  expect(publicNeighbourhood('[2606:4700:10::1]:50123')).toBe('2606:4700:10');
  for (const local of ['127.0.0.1:1', '192.168.1.7:50123', '[fd00::1]:50123', '[::1]:5', 'nowhere:7']) {
    expect(publicNeighbourhood(local)).toBeUndefined();
  }
});
