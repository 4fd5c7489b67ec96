import { expect, test } from 'vitest';
import { ipOfPeer, ipOfRemote, remoteOf } from '../../../src/protocol/addresses/remote.ts';

test.each([
  ['192.0.2.7', '192.0.2.7:7001'],
  ['2001:db8::7', '[2001:db8::7]:7001'],
])('the other end at %s is %s', (ip, remote) => {
  expect(remoteOf(ip, 7001)).toBe(remote);
  expect(ipOfRemote(remote)).toBe(ip);
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:0db8:0::7', '2001:db8::7'],
  ['fe80::1%eth0', 'fe80::1'],
  ['localhost', null],
  ['', null],
  [undefined, null],
])('a socket that says %s has a peer at %s', (said, ip) => {
  expect(ipOfPeer(said)).toBe(ip);
});
