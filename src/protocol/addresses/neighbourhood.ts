import { ipOfRemote } from './remote.ts';

/**
 * The neighbourhood of an IP address, as `formatIp` writes it: its /24, for IPv6 its /48. What one party can have many
 * addresses of at little cost is counted together.
 */
export function neighbourhoodOf(ip: string): string {
  return ip.includes(':') ? groupsOf(ip, 3) : ip.slice(0, ip.lastIndexOf('.'));
}

/** The neighbourhood of an `ip:port`, an IPv6 address in brackets. */
export function neighbourhoodOfRemote(remote: string): string {
  return neighbourhoodOf(ipOfRemote(remote));
}

/** The host of an IP address: itself, for IPv6 its /64, of which every host has all addresses to itself. */
export function hostOf(ip: string): string {
  return ip.includes(':') ? groupsOf(ip, 4) : ip;
}

/** The first groups of an IPv6 address in its shortest form. */
function groupsOf(ip: string, count: number): string {
  const [head = '', tail] = ip.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return groups.slice(0, count).join(':');
}
