import { parseAddress } from './address.ts';
import { parseIp } from './ip.ts';
import { neighbourhoodOf } from './neighbourhood.ts';
import { ipOfRemote, remoteOf } from './remote.ts';

/** Which addresses may be dialled that others told of: those of the whole world, those of a local network too, or any. */
export const DIAL_SCOPES = ['public', 'lan', 'test'] as const;
export type DialScope = (typeof DIAL_SCOPES)[number];

/** Where an address was heard of. What an operator typed, in a setting or a link, is his to answer for. */
export type AddressSource = 'operator' | 'pex' | 'dht' | 'providers' | 'relay';

/** What kind of place an IP address is. */
export type IpReach = 'public' | 'private' | 'loopback' | 'unusable';

export interface DialRules {
  readonly scope: DialScope;
  /** Own addresses, `tcp://ip:port` each. */
  readonly own: ReadonlySet<string>;
}

/** Ports below belong to services of the system: nobody is made to knock there by an address from the network. */
const FIRST_PORT = 1_024;

/**
 * Whether an address (an IP literal and a port) may be dialled. Learnt ones: no loopback, link-local, multicast or
 * private address unless the scope has it, no port below 1024, never one of our own. Those of the operator: all but our own.
 */
export function mayDial(
  address: { readonly transport: 'tcp' | 'quic'; readonly host: string; readonly port: number },
  source: AddressSource,
  rules: DialRules,
): boolean {
  const { transport, host, port } = address;
  const ip = parseIp(host);
  if (ip === null || port < 1 || port > 0xffff) return false;
  return mayDialReach(reachOf(ip), port, `${transport}://${remoteOf(host, port)}`, source, rules);
}

/** The same of an address that has been read already: what kind of place it is, its port, and its text without a key. */
export function mayDialReach(
  reach: IpReach,
  port: number,
  text: string,
  source: AddressSource,
  { scope, own }: DialRules,
): boolean {
  if (own.has(text)) return false;
  if (source === 'operator') return true;
  if (reach === 'unusable') return false;
  if (scope === 'test') return true;
  if (port < FIRST_PORT) return false;
  return reach === 'public' || (reach === 'private' && scope === 'lan');
}

/** The neighbourhood of an `ip:port`, an IPv6 address in brackets; undefined in a local network, where all are neighbours. */
export function publicNeighbourhood(remote: string): string | undefined {
  const host = ipOfRemote(remote);
  const ip = parseIp(host);
  return ip !== null && reachOf(ip) === 'public' ? neighbourhoodOf(host) : undefined;
}

/** What kind of place 4 or 16 octets are. IPv4 in the clothes of IPv6 is what it is underneath. */
export function reachOf(ip: Uint8Array): IpReach {
  return ip.length === 4 ? reachOf4(ip[0]!, ip[1]!, ip[2]!) : reachOf6(ip);
}

/** The same of `tcp://ip:port[@key]`; what is no such address leads nowhere. */
export function reachOfAddress(text: string): IpReach {
  const parsed = parseAddress(text);
  const ip = parsed.ok ? parseIp(parsed.address.host) : null;
  return ip === null ? 'unusable' : reachOf(ip);
}

function reachOf4(a: number, b: number, c: number): IpReach {
  if (a === 0 || a >= 224) return 'unusable';
  if (a === 127) return 'loopback';
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 'private';
  // Shared by the customers of a provider (RFC 6598), and what only one link knows.
  if (a === 100 && b >= 64 && b < 128) return 'private';
  if (a === 169 && b === 254) return 'unusable';
  // Documentation, benchmarks, protocol assignments, 6to4 relays.
  if (a === 192 && b === 0 && (c === 0 || c === 2)) return 'unusable';
  if (a === 198 && (b === 18 || b === 19)) return 'unusable';
  if ((a === 198 && b === 51 && c === 100) || (a === 203 && b === 0 && c === 113)) return 'unusable';
  if (a === 192 && b === 88 && c === 99) return 'unusable';
  return 'public';
}

function reachOf6(ip: Uint8Array): IpReach {
  const zerosTo = ip.findIndex((octet) => octet !== 0);
  if (zerosTo < 0) return 'unusable';
  if (zerosTo === 15 && ip[15] === 1) return 'loopback';
  // ::ffff:a.b.c.d, and 64:ff9b::a.b.c.d of translators.
  const mapped = zerosTo === 10 && ip[10] === 0xff && ip[11] === 0xff;
  const translated = ip[0] === 0 && ip[1] === 0x64 && ip[2] === 0xff && ip[3] === 0x9b;
  if (mapped || translated) return reachOf4(ip[12]!, ip[13]!, ip[14]!);
  // 2002::/16 carries an IPv4 address too.
  if (ip[0] === 0x20 && ip[1] === 0x02) return reachOf4(ip[2]!, ip[3]!, ip[4]!);
  if ((ip[0]! & 0xfe) === 0xfc) return 'private';
  // Global unicast is 2000::/3; of it the documentation's part leads nowhere.
  if ((ip[0]! & 0xe0) !== 0x20) return 'unusable';
  return ip[0] === 0x20 && ip[1] === 0x01 && ip[2] === 0x0d && ip[3] === 0xb8 ? 'unusable' : 'public';
}
