import { type Address, formatAddress, parseAddress } from '../protocol/addresses/address.ts';
import { toHex } from '../protocol/crypto/bytes.ts';
import type { PeerTarget } from './transport/contract.ts';

/** Peers asked about one share: a link carries 16 at most, the rest is for the operator's own. */
export const MAX_CANDIDATES = 32;

/**
 * Whom to ask about a share, its own peers first. A QUIC address stands for the TCP listener one port above, by the
 * network's convention (SCP2P wire, section 3.2). An address that is known with a key is not asked without it. Texts
 * that are no address are passed over.
 */
export function candidatesOf(...lists: readonly (readonly string[])[]): PeerTarget[] {
  const byAddress = new Map<string, Set<string | null>>();
  for (const text of lists.flat()) {
    const parsed = parseAddress(text);
    const address = parsed.ok ? overTcp(parsed.address) : null;
    if (address === null) continue;
    const name = formatAddress({ ...address, nodeKey: null });
    const keys = byAddress.get(name) ?? new Set();
    byAddress.set(name, keys.add(address.nodeKey === null ? null : toHex(address.nodeKey)));
  }
  const targets: PeerTarget[] = [];
  for (const [address, keys] of byAddress) {
    const pinned = [...keys].filter((key) => key !== null);
    if (pinned.length === 0) targets.push({ address });
    else targets.push(...pinned.map((nodeKey) => ({ address, nodeKey })));
  }
  return targets.slice(0, MAX_CANDIDATES);
}

function overTcp(address: Address): Address | null {
  if (address.transport === 'tcp') return address;
  return address.port < 0xffff ? { ...address, transport: 'tcp', port: address.port + 1 } : null;
}
