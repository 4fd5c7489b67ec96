import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { failure } from '../../errors.ts';
import { formatAddress, parseAddress } from '../../protocol/addresses/address.ts';

/** Addresses told to others at most: a link carries no more. */
const MAX_ADVERTISED = 8;

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** The addresses an operator wants told to others, checked: `E_CONFIG` for one that is not `tcp://ip:port`. */
export function advertisedAs(wanted: readonly string[]): string[] {
  return wanted.map((text) => {
    const parsed = parseAddress(text);
    if (parsed.ok && parsed.address.transport === 'tcp' && parsed.address.nodeKey === null) {
      return formatAddress(parsed.address);
    }
    throw failure('E_CONFIG', `cannot advertise ${text}`, { subject: text, next: 'write tcp://IP:PORT' });
  });
}

/**
 * What this node tells others of where it listens: an address bound to one interface as it is, a wildcard as the
 * host's own addresses in its place (loopback only when there is nothing else).
 */
export function advertisedOf(
  bound: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
): string[] {
  const listeners = bound.flatMap((text) => {
    const parsed = parseAddress(text);
    return parsed.ok ? [parsed.address] : [];
  });
  const found = listeners.flatMap(({ host, port }) => {
    const hosts = host === '0.0.0.0' || host === '::' ? hostsOf(interfaces, familiesOf(host)) : [host];
    return hosts.map((each) => formatAddress({ transport: 'tcp', host: each, port, nodeKey: null }));
  });
  return [...new Set(found)].slice(0, MAX_ADVERTISED);

  /** The IPv6 wildcard takes IPv4 as well, unless that has a wildcard of its own. */
  function familiesOf(host: string): readonly string[] {
    if (host === '0.0.0.0') return ['IPv4'];
    return listeners.some((other) => other.host === '0.0.0.0') ? ['IPv6'] : ['IPv6', 'IPv4'];
  }
}

function hostsOf(interfaces: Interfaces, families: readonly string[]): string[] {
  const all = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    // Link-local addresses mean nothing without the interface they belong to.
    .filter(({ family, address }) => families.includes(family) && !/^(fe80:|169\.254\.)/.test(address));
  const outside = all.filter((entry) => !entry.internal);
  return (outside.length > 0 ? outside : all).map((entry) => entry.address);
}
