import { formatIp, parseIp } from './ip.ts';

/** A network: its first address, without the bits of hosts, and how many bits all its addresses have in common. */
export interface Cidr {
  readonly ip: Uint8Array;
  readonly bits: number;
}

/** Longer than the longest: 45 characters of IPv6 with IPv4 inside, and `/128`. */
const MAX_LENGTH = 64;

/** Reads `192.0.2.0/24`, `2001:db8::/32`, or one address, which is a network of itself. Bits of hosts are dropped. Null: neither. */
export function parseCidr(text: string): Cidr | null {
  if (text.length > MAX_LENGTH) return null;
  const slash = text.indexOf('/');
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash));
  if (ip === null) return null;
  const most = ip.length * 8;
  const bits = slash < 0 ? most : parseBits(text.slice(slash + 1));
  return bits === null || bits > most ? null : { ip: masked(ip, bits), bits };
}

/** `192.0.2.0/24`; one address alone without its length. */
export function formatCidr({ ip, bits }: Cidr): string {
  return bits === ip.length * 8 ? formatIp(ip) : `${formatIp(ip)}/${bits}`;
}

/** The address with nothing behind its first bits. */
export function masked(ip: Uint8Array, bits: number): Uint8Array {
  return ip.map((octet, i) => {
    const left = Math.max(0, Math.min(8, bits - i * 8));
    return octet & (0xff << (8 - left));
  });
}

function parseBits(text: string): number | null {
  if (text.length === 0 || text.length > 3) return null;
  for (const digit of text) if (digit < '0' || digit > '9') return null;
  return Number(text);
}
