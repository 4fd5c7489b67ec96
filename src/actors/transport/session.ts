import { toHex } from '../../protocol/crypto/bytes.ts';
import type { Dialect } from '../../protocol/dialect.ts';
import type { HandshakeResult } from '../../protocol/handshake/handshake-step.ts';
import { nodeIdOf } from '../../protocol/objects/ids.ts';
import type { Connection } from './connection.ts';
import type { SessionInfo } from './contract.ts';
import type { Bound } from './session-binding.ts';

/** A peer that sends a frame, or takes a reply, slower than this for that long is dropped: it holds our memory. */
export const DRIP_BYTES_PER_SECOND = 4 * 1024;
export const DRIP_SECONDS = 30;

/** Who is at the other end of a connection, once the handshake has told. */
export interface Peer {
  readonly key: Uint8Array;
  readonly nodeKey: string;
  readonly nodeId: string;
  readonly dialect: Dialect;
  readonly native: boolean;
  readonly bound: Bound;
  readonly capabilities: readonly string[];
}

export function peerOf(result: HandshakeResult, bound: Bound): Peer {
  return {
    key: result.peerKey,
    nodeKey: toHex(result.peerKey),
    nodeId: toHex(nodeIdOf(result.peerKey)),
    dialect: result.dialect,
    native: result.native,
    bound,
    capabilities: Object.entries(result.peerCapabilities)
      .filter(([, value]) => value === true)
      .map(([name]) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  };
}

/** What both directions of a session share with the table that keeps them. */
export interface Session {
  readonly connection: Connection;
  readonly peer: Peer;
  readonly direction: 'in' | 'out';
  readonly address: string;
  /** Unix seconds. */
  readonly since: number;
  /** When it last did something for anybody, in the clock's milliseconds; null while it does. */
  readonly idleSince: number | null;
  /** Called about once a second: ends the session when its peer owes something for too long. */
  check(now: number): void;
}

export function sessionInfo(session: Session, now: number): SessionInfo {
  const { connection, peer } = session;
  return {
    nodeKey: peer.nodeKey,
    nodeId: peer.nodeId,
    address: session.address,
    transport: connection.transport,
    bound: peer.bound,
    native: peer.native,
    direction: session.direction,
    dialect: dialectName(peer.dialect),
    since: session.since,
    bytesUp: connection.up.total,
    bytesDown: connection.down.total,
    rateUp: connection.up.rate(now),
    rateDown: connection.down.rate(now),
    capabilities: peer.capabilities,
  };
}

/** Version and number of capability keys, as in `2/8`. */
export const dialectName = (dialect: Dialect): string => `${dialect.version}/${dialect.capabilityKeys}`;
