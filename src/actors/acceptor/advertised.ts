import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { failure } from '../../errors.ts';
import { formatAddress, parseAddress } from '../../protocol/addresses/address.ts';

/** Addresses told to others at most: a link carries no more. */
const MAX_ADVERTISED = 8;

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/** The addresses an operator wants told to others, checked: `E_CONFIG` for one that is not `tcp://ip:port` or `quic://ip:port`. */
export function advertisedAs(wanted: readonly string[]): string[] {
  return wanted.map((text) => {
    const parsed = parseAddress(text);
    if (parsed.ok && parsed.address.nodeKey === null) return formatAddress(parsed.address);
    throw failure('E_CONFIG', `cannot advertise ${text}`, {
      subject: text,
      next: 'write tcp://IP:PORT or quic://IP:PORT',
    });
  });
}

/**
 * What this node tells others of where it listens: an address bound to one interface as it is, a wildcard as the
 * host's own addresses in its place (loopback only when there is nothing else). TCP and QUIC of a host stand side by
 * side, so that none is left out where there are many.
 */
export function advertisedOf(
  bound: readonly string[],
  interfaces: Interfaces = networkInterfaces(),
): string[] {
  const listeners = bound.flatMap((text) => {
    const parsed = parseAddress(text);
    return parsed.ok ? [parsed.address] : [];
  });
  const found = listeners.map(({ transport, host, port }) => {
    const hosts =
      host === '0.0.0.0' || host === '::' ? hostsOf(interfaces, familiesOf(transport, host)) : [host];
    return hosts.map((each) => formatAddress({ transport, host: each, port, nodeKey: null }));
  });
  const longest = Math.max(0, ...found.map((list) => list.length));
  const inTurns = Array.from({ length: longest }, (_, index) => found.flatMap((list) => list[index] ?? []));
  return [...new Set(inTurns.flat())].slice(0, MAX_ADVERTISED);

  /** The IPv6 wildcard takes IPv4 as well, unless that has a wildcard of its own. */
  function familiesOf(transport: string, host: string): readonly string[] {
    if (host === '0.0.0.0') return ['IPv4'];
    const ipv4 = listeners.some((other) => other.host === '0.0.0.0' && other.transport === transport);
    return ipv4 ? ['IPv6'] : ['IPv6', 'IPv4'];
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
