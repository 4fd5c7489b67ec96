import { formatAddress, fromPeerAddr } from '../../protocol/addresses/address.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { PeerAddr } from '../../protocol/wire/peer-addr.ts';

/** Addresses read of one offer; the network's own bound (SCP2P wire, section 11). */
export const MAX_OFFERED = 64;

export interface OfferedAddress {
  /** `tcp://ip:port` or `quic://ip:port` */
  readonly address: string;
  readonly nodeKey: string | null;
}

/**
 * What of an offer can be dialled at all: at most 64 are looked at; one behind a relay is none, its ip and port being
 * somebody else's business; nor is port 0. Each address once.
 */
export function offeredAddresses(peers: readonly PeerAddr[]): readonly OfferedAddress[] {
  const found = new Map<string, OfferedAddress>();
  for (const peer of peers.slice(0, MAX_OFFERED)) {
    const address = fromPeerAddr(peer);
    if (address === null || address.port < 1) continue;
    const text = formatAddress({ ...address, nodeKey: null });
    if (found.has(text)) continue;
    found.set(text, { address: text, nodeKey: address.nodeKey === null ? null : toHex(address.nodeKey) });
  }
  return [...found.values()];
}
