import { describe, expect, test } from 'vitest';
import { BanList, banTarget } from '../../src/actors/ban-list.ts';

const KEY = 'ab'.repeat(32);

describe('what an operator writes', () => {
  test.each([
    [KEY, 'key', KEY],
    [KEY.toUpperCase(), 'key', KEY],
    ['192.0.2.7', 'net', '192.0.2.7'],
    ['192.0.2.7/24', 'net', '192.0.2.0/24'],
    ['0.0.0.0/0', 'net', '0.0.0.0/0'],
    ['2001:DB8::1', 'net', '2001:db8::1'],
    ['2001:db8:0:1:ffff::/48', 'net', '2001:db8::/48'],
    ['[2001:db8::1]', 'net', '2001:db8::1'],
    ['tcp://192.0.2.7:7001', 'net', '192.0.2.7'],
    ['quic://[2001:db8::1]:7000', 'net', '2001:db8::1'],
    [`tcp://192.0.2.7:7001@${KEY}`, 'key', KEY],
  ])('%s', (text, kind, target) => {
    expect(banTarget(text)).toEqual({ kind, target });
    // Its one form is a form of itself.
    expect(banTarget(target)).toEqual({ kind, target });
  });

  test.each([
    '',
    'example.com',
    'ab',
    '192.0.2.7/33',
    '192.0.2.7/',
    '192.0.2.7/1e1',
    '2001:db8::/129',
    'x'.repeat(500),
  ])('no ban: %j', (text) => {
    expect(banTarget(text)).toBeNull();
  });
});

test('a list knows keys, addresses and networks of both families', () => {
  const bans = new BanList([KEY, '192.0.2.0/25', '198.51.100.7', '2001:db8::/47', 'nonsense']);
  expect(bans.hasKey(KEY)).toBe(true);
  expect(bans.hasKey('cd'.repeat(32))).toBe(false);
  const judged = (ips: string[]) => ips.map((ip) => bans.hasIp(ip));
  expect(judged(['192.0.2.0', '192.0.2.127', '198.51.100.7', '2001:db8::1', '2001:db8:1:ffff::9'])).toEqual(
    Array(5).fill(true),
  );
  expect(judged(['192.0.2.128', '198.51.100.8', '2001:db8:2::', '::1', 'example.com', ''])).toEqual(
    Array(6).fill(false),
  );
  expect(bans.hasAddress('tcp://192.0.2.5:7001')).toBe(true);
  expect(bans.hasAddress('[2001:db8::5]:7001')).toBe(true);
  expect(bans.hasAddress('tcp://192.0.2.200:7001')).toBe(false);
  expect(new BanList().hasIp('192.0.2.1')).toBe(false);
});

test('everything of one family is not everything of the other', () => {
  const bans = new BanList(['0.0.0.0/0']);
  expect(bans.hasIp('203.0.113.1')).toBe(true);
  expect(bans.hasIp('2001:db8::1')).toBe(false);
});
