import { failure } from '../../errors.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { KnownPeer } from './contract.ts';
import type { Database } from './database.ts';
import { idOctets } from './hex-ids.ts';

const MAX_PEERS = 10_000;
const MAX_ADDRESS = 256;
/** A peer that is what it was is written down again after an hour: each write waits for the disk. */
const SEEN_AGAIN_SECONDS = 3_600;

interface PeerRow {
  readonly address: string;
  readonly node_key: Uint8Array;
  readonly version: 1 | 2;
  readonly capability_keys: 5 | 8;
  readonly native: number;
  readonly seen_at: number;
}

/** What peers were like when they were last met: a bounded table, the one met longest ago makes room. */
export class KnownPeers {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(address: string): KnownPeer | null {
    const row = this.#database.get<PeerRow>('SELECT * FROM peers WHERE address = ?', address);
    return row === undefined ? null : knownPeer(row);
  }

  /** Those met last, the latest first. */
  latest(limit: number): readonly KnownPeer[] {
    return this.#database
      .all<PeerRow>('SELECT * FROM peers ORDER BY seen_at DESC LIMIT ?', limit)
      .map(knownPeer);
  }

  remember(peer: KnownPeer): void {
    const nodeKey = idOctets(peer.nodeKey, 'node key');
    if (peer.address.length > MAX_ADDRESS) {
      throw failure('E_ADDRESS_INVALID', `an address has at most ${MAX_ADDRESS} characters`);
    }
    const known = this.get(peer.address);
    if (known !== null && sameButForTime(known, peer)) return;
    this.#database.transaction(() => {
      this.#database.run(
        `INSERT OR REPLACE INTO peers (address, node_key, version, capability_keys, native, seen_at)
         VALUES (?, ?, ?, ?, ?, ?)`,
        peer.address,
        nodeKey,
        peer.version,
        peer.capabilityKeys,
        peer.native ? 1 : 0,
        peer.seenAt,
      );
      const { count } = this.#database.get<{ count: number }>('SELECT count(*) AS count FROM peers')!;
      if (count <= MAX_PEERS) return;
      this.#database.run(
        'DELETE FROM peers WHERE address IN (SELECT address FROM peers ORDER BY seen_at LIMIT ?)',
        count - MAX_PEERS,
      );
    });
  }
}

function sameButForTime(known: KnownPeer, peer: KnownPeer): boolean {
  return (
    known.nodeKey === peer.nodeKey &&
    known.version === peer.version &&
    known.capabilityKeys === peer.capabilityKeys &&
    known.native === peer.native &&
    Math.abs(peer.seenAt - known.seenAt) < SEEN_AGAIN_SECONDS
  );
}

function knownPeer(row: PeerRow): KnownPeer {
  return {
    address: row.address,
    nodeKey: toHex(row.node_key),
    version: row.version,
    capabilityKeys: row.capability_keys,
    native: row.native === 1,
    seenAt: row.seen_at,
  };
}
