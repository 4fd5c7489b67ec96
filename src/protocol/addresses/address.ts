import { fromHex, toHex } from '../crypto/bytes.ts';
import type { PeerAddr } from '../wire/peer-addr.ts';
import { formatIp, parseIp } from './ip.ts';
import { remoteOf } from './remote.ts';

/** An address as people write it: `[tcp://|quic://]HOST:PORT[@<64 hex of the node key>]` (SCP2P wire, section 17). */
export interface Address {
  readonly transport: 'tcp' | 'quic';
  /** An IP literal in its shortest form, without brackets; or a host name, where those are allowed. */
  readonly host: string;
  readonly port: number;
  /** The key the node must show; null when it is not known. */
  readonly nodeKey: Uint8Array | null;
}

export type AddressFault = 'too-long' | 'transport' | 'host' | 'port' | 'node-key';
export type AddressResult =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly reason: AddressFault };

export interface AddressOptions {
  /** Host names are ours alone: the network knows IP literals. Off unless said otherwise. */
  readonly hostNames?: boolean;
}

/** Longest host name (253), brackets, scheme, port and key together stay below this. */
const MAX_LENGTH = 400;
const MAX_HOST_NAME = 253;
const MAX_LABEL = 63;

/** Reads one address. Without a scheme it is TCP. */
export function parseAddress(text: string, options: AddressOptions = {}): AddressResult {
  if (text.length > MAX_LENGTH) return fault('too-long');
  let rest = text.trim();
  let transport: Address['transport'] = 'tcp';
  const scheme = rest.indexOf('://');
  if (scheme >= 0) {
    const name = rest.slice(0, scheme);
    if (name !== 'tcp' && name !== 'quic') return fault('transport');
    transport = name;
    rest = rest.slice(scheme + 3);
  }
  let nodeKey: Uint8Array | null = null;
  const at = rest.indexOf('@');
  if (at >= 0) {
    nodeKey = fromHex(rest.slice(at + 1), 32);
    if (nodeKey === null) return fault('node-key');
    rest = rest.slice(0, at);
  }
  const colon = rest.lastIndexOf(':');
  if (colon < 0) return fault('port');
  const port = parsePort(rest.slice(colon + 1));
  if (port === null) return fault('port');
  const host = parseHost(rest.slice(0, colon), options.hostNames === true);
  if (host === null) return fault('host');
  return { ok: true, address: { transport, host, port, nodeKey } };
}

/** The address with its scheme; IPv6 in brackets; the key, if known, in lower case. */
export function formatAddress(address: Address): string {
  const key = address.nodeKey === null ? '' : `@${toHex(address.nodeKey)}`;
  return `${address.transport}://${remoteOf(address.host, address.port)}${key}`;
}

/**
 * A QUIC address stands for the TCP listener one port above as well, by the network's convention (SCP2P wire, section 3.2);
 * one of TCP for itself. Null: there is no such port.
 */
export function overTcp(address: Address): Address | null {
  if (address.transport === 'tcp') return address;
  return address.port < 0xffff ? { ...address, transport: 'tcp', port: address.port + 1 } : null;
}

/** The form of the wire; null for a host name, which has to be resolved first. */
export function toPeerAddr(address: Address): PeerAddr | null {
  const ip = parseIp(address.host);
  if (ip === null) return null;
  const { port, transport, nodeKey } = address;
  return { ip, port, transport, pubkeyHint: nodeKey, relayVia: null };
}

/** The form of the wire of one node's addresses; what is none, or has a host name, is passed over. */
export function peerAddrsOf(texts: readonly string[], nodeKey: Uint8Array | null): PeerAddr[] {
  return texts.flatMap((text) => {
    const parsed = parseAddress(text);
    return (parsed.ok && toPeerAddr({ ...parsed.address, nodeKey })) || [];
  });
}

/** The text form of an address of the wire; null for one behind a relay, whose own ip and port must not be dialled. */
export function fromPeerAddr(peer: PeerAddr): Address | null {
  if (peer.relayVia !== null) return null;
  return { transport: peer.transport, host: formatIp(peer.ip), port: peer.port, nodeKey: peer.pubkeyHint };
}

function fault(reason: AddressFault): AddressResult {
  return { ok: false, reason };
}

function parsePort(text: string): number | null {
  if (text.length === 0 || text.length > 5) return null;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x30 || code > 0x39) return null;
  }
  const port = Number(text);
  return port >= 1 && port <= 0xffff ? port : null;
}

function parseHost(text: string, hostNames: boolean): string | null {
  if (text.startsWith('[')) {
    if (!text.endsWith(']')) return null;
    const ip = parseIp(text.slice(1, -1));
    return ip?.length === 16 ? formatIp(ip) : null;
  }
  const ip = parseIp(text);
  // IPv6 without brackets cannot be told from its port.
  if (ip !== null) return ip.length === 4 ? formatIp(ip) : null;
  return hostNames && isHostName(text) ? text.toLowerCase() : null;
}

/** Letters, digits and inner hyphens in labels; not all digits at the end, so that no mistyped IPv4 passes. */
function isHostName(text: string): boolean {
  if (text.length === 0 || text.length > MAX_HOST_NAME) return false;
  const labels = text.split('.');
  const last = labels.at(-1)!;
  if (Number.isInteger(Number(last))) return false;
  return labels.every((label) => {
    if (label.length === 0 || label.length > MAX_LABEL) return false;
    if (label.startsWith('-') || label.endsWith('-')) return false;
    for (let i = 0; i < label.length; i++) if (!isHostNameCode(label.charCodeAt(i))) return false;
    return true;
  });
}

function isHostNameCode(code: number): boolean {
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x7a) || code === 0x2d;
}
