import { parseAddress } from '../protocol/addresses/address.ts';
import { formatCidr, masked, parseCidr } from '../protocol/addresses/cidr.ts';
import { formatIp, parseIp } from '../protocol/addresses/ip.ts';
import { fromHex, toHex } from '../protocol/crypto/bytes.ts';

export type BanKind = 'key' | 'net';

/**
 * What an operator bans, in its one form: a node key (64 hex digits), an address or a network of addresses in CIDR
 * form. Of `tcp://ip:port` the whole address is meant, because the port of who dials us says nothing; of
 * `tcp://ip:port@key` the key, which is the same node wherever it is. Null: none of these.
 */
export function banTarget(text: string): { readonly kind: BanKind; readonly target: string } | null {
  const bare = text.trim();
  const key = fromHex(bare, 32);
  if (key !== null) return { kind: 'key', target: toHex(key) };
  const net = parseCidr(bare.replace(/^\[(.*)\]$/, '$1'));
  if (net !== null) return { kind: 'net', target: formatCidr(net) };
  const parsed = parseAddress(bare);
  if (!parsed.ok) return null;
  const { host, nodeKey } = parsed.address;
  return nodeKey === null ? { kind: 'net', target: host } : { kind: 'key', target: toHex(nodeKey) };
}

/** Who is banned, as asked at every accept, handshake and dial. What is no ban is passed over. */
export class BanList {
  readonly #keys = new Set<string>();
  /** Networks by family and length, so that one look-up for each length there is decides. */
  readonly #nets = new Map<
    string,
    { readonly bits: number; readonly octets: number; readonly found: Set<string> }
  >();

  constructor(targets: readonly string[] = []) {
    for (const text of targets) {
      const ban = banTarget(text);
      if (ban === null) continue;
      if (ban.kind === 'key') this.#keys.add(ban.target);
      else this.#addNet(ban.target);
    }
  }

  hasKey(nodeKey: string): boolean {
    return this.#keys.has(nodeKey);
  }

  /** An IP address without brackets. */
  hasIp(ip: string): boolean {
    if (this.#nets.size === 0) return false;
    const octets = parseIp(ip);
    if (octets === null) return false;
    for (const { bits, octets: length, found } of this.#nets.values()) {
      if (octets.length === length && found.has(formatIp(masked(octets, bits)))) return true;
    }
    return false;
  }

  /** `tcp://ip:port`, or `ip:port`. */
  hasAddress(address: string): boolean {
    const parsed = parseAddress(address);
    return parsed.ok && this.hasIp(parsed.address.host);
  }

  #addNet(target: string): void {
    const net = parseCidr(target)!;
    const name = `${net.ip.length} ${net.bits}`;
    const same = this.#nets.get(name) ?? { bits: net.bits, octets: net.ip.length, found: new Set<string>() };
    this.#nets.set(name, same);
    same.found.add(formatIp(net.ip));
  }
}
