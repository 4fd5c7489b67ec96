import { parseAddress } from '../addresses/address.ts';
import { fromHex } from '../crypto/bytes.ts';
import { formatShareLink, MAX_LINK_BOOTSTRAP } from './share-link.ts';

/**
 * The link to a share of this key (64 hex digits), with as many of the addresses (`tcp://ip:port[@key]`) as a link
 * carries, each once. Texts that are no address of the network, host names among them, are left out.
 */
export function linkWith(shareKey: string, addresses: readonly string[]): string {
  const key = fromHex(shareKey, 32);
  if (key === null) throw new RangeError('a share key has 64 hex digits');
  const parsed = [...new Set(addresses)].flatMap((text) => {
    const result = parseAddress(text);
    return result.ok ? [result.address] : [];
  });
  return formatShareLink(key, parsed.slice(0, MAX_LINK_BOOTSTRAP));
}
