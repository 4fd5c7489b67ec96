import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { formatAddress, parseAddress } from '../../protocol/addresses/address.ts';

/** Addresses told to others at most: a link carries no more. */
const MAX_ADVERTISED = 8;

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/**
 * What this node tells others of where it listens: an address bound to one interface as it is, a wildcard as the
 * host's own addresses in its place (loopback only when there is nothing else).
 */
export function advertisedOf(
  bound: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
): string[] {
  const found = bound.flatMap((address) => {
    const parsed = parseAddress(address);
    if (!parsed.ok) return [];
    const { host, port } = parsed.address;
    const hosts =
      host === '0.0.0.0' ? hostsOf(interfaces, 'IPv4') : host === '::' ? hostsOf(interfaces, 'IPv6') : [host];
    return hosts.map((each) => formatAddress({ transport: 'tcp', host: each, port, nodeKey: null }));
  });
  return [...new Set(found)].slice(0, MAX_ADVERTISED);
}

function hostsOf(interfaces: Interfaces, family: 'IPv4' | 'IPv6'): string[] {
  const all = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    // Link-local addresses mean nothing without the interface they belong to.
    .filter((entry) => entry.family === family && !entry.address.startsWith('fe80:'));
  const outside = all.filter((entry) => !entry.internal);
  return (outside.length > 0 ? outside : all).map((entry) => entry.address);
}
