import { arrayOf, field, textStruct, u8 } from '../cbor/codec.ts';
import { type PeerAddr, peerAddr } from './peer-addr.ts';

/** 100: addresses offered; also the reply to 101. */
export interface PexOffer {
  readonly peers: readonly PeerAddr[];
}

export const pexOffer = textStruct<PexOffer>({ peers: field('peers', arrayOf(peerAddr)) });

/** 101: asks for addresses. */
export interface PexRequest {
  readonly maxPeers: number;
}

export const pexRequest = textStruct<PexRequest>({ maxPeers: field('max_peers', u8) });
