import { BlockList, isIPv6 } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** RFC 1918, carrier-grade NAT, link-local; unique local and link-local of IPv6. */
const privately = new BlockList();
privately.addSubnet('10.0.0.0', 8);
privately.addSubnet('172.16.0.0', 12);
privately.addSubnet('192.168.0.0', 16);
privately.addSubnet('100.64.0.0', 10);
privately.addSubnet('169.254.0.0', 16);
privately.addSubnet('fc00::', 7, 'ipv6');
privately.addSubnet('fe80::', 10, 'ipv6');

export type Scope = 'loopback' | 'private' | 'public';

/** From where an IP address can be reached, as far as the address itself says. */
export function scopeOfHost(host: string): Scope {
  const family = isIPv6(host) ? 'ipv6' : 'ipv4';
  if (loopback.check(host, family)) return 'loopback';
  return privately.check(host, family) ? 'private' : 'public';
}
