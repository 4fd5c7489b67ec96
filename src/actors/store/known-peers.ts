import { failure } from '../../errors.ts';
import { toHex } from '../../protocol/crypto/bytes.ts';
import type { KnownPeer, StoredPeer } from '../known-peer-types.ts';
import type { Database } from './database.ts';
import { idOctets } from './hex-ids.ts';

const MAX_PEERS = 10_000;
const MAX_ADDRESS = 256;
/** Peers met and not written down yet; more are written at once. */
const MAX_PENDING = 256;
/** A peer that is what it was is written down again after an hour. */
const SEEN_AGAIN_SECONDS = 3_600;

interface PeerRow {
  readonly address: string;
  readonly node_key: Uint8Array;
  readonly version: 1 | 2;
  readonly capability_keys: 5 | 8;
  readonly native: number;
  readonly seen_at: number;
  /** Their names, with a space between. */
  readonly capabilities: string;
  readonly failures: number;
  readonly score: number;
  readonly score_at: number;
  readonly source: string;
}

/**
 * What peers were like when they were last met: a bounded table, the one met longest ago makes room. Handshakes are
 * many and each write waits for the disk: what they tell is known at once and written down with others by `flush`.
 */
export class KnownPeers {
  readonly #database: Database;
  readonly #pending = new Map<string, KnownPeer>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Something waits for `flush`. */
  get pending(): boolean {
    return this.#pending.size > 0;
  }

  get(address: string): KnownPeer | null {
    const pending = this.#pending.get(address);
    if (pending !== undefined) return pending;
    const row = this.#database.get<PeerRow>('SELECT * FROM peers WHERE address = ?', address);
    return row === undefined ? null : knownPeer(row);
  }

  remember(peer: KnownPeer): void {
    checked(peer);
    const known = this.get(peer.address);
    if (known !== null && sameButForTime(known, peer)) return;
    this.#pending.set(peer.address, peer);
    if (this.#pending.size >= MAX_PENDING) this.flush();
  }

  /** Writes down what waits, in one transaction. What cannot be written is forgotten: peers are met again. */
  flush(): void {
    const peers = [...this.#pending.values()];
    this.#pending.clear();
    if (peers.length === 0) return;
    this.#database.groupedTransaction(() => {
      for (const peer of peers) this.#met(peer);
      this.#makeRoom();
    });
  }

  /** Of the peers met last, at most `limit`. */
  list(limit: number): readonly StoredPeer[] {
    const rows = this.#database.all<PeerRow>('SELECT * FROM peers ORDER BY seen_at DESC LIMIT ?', limit);
    return rows.map((row) => ({
      ...knownPeer(row),
      capabilities: row.capabilities === '' ? [] : row.capabilities.split(' '),
      failures: row.failures,
      score: row.score,
      scoreAt: row.score_at,
      source: row.source,
    }));
  }

  /** What is known of them by now, and those that are not worth knowing any more, in one transaction. */
  rate(peers: readonly StoredPeer[], gone: readonly string[]): void {
    this.#database.groupedTransaction(() => {
      for (const address of gone) {
        this.#pending.delete(address);
        this.#database.run('DELETE FROM peers WHERE address = ?', address);
      }
      for (const peer of peers) {
        this.#met(checked(peer));
        this.#database.run(
          'UPDATE peers SET capabilities = ?, failures = ?, score = ?, score_at = ?, source = ? WHERE address = ?',
          peer.capabilities.join(' '),
          peer.failures,
          peer.score,
          peer.scoreAt,
          peer.source,
          peer.address,
        );
      }
      this.#makeRoom();
    });
  }

  #met(peer: KnownPeer): void {
    this.#database.run(
      `INSERT INTO peers (address, node_key, version, capability_keys, native, seen_at) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT (address) DO UPDATE SET node_key = excluded.node_key, version = excluded.version,
         capability_keys = excluded.capability_keys, native = excluded.native, seen_at = excluded.seen_at`,
      peer.address,
      idOctets(peer.nodeKey, 'node key'),
      peer.version,
      peer.capabilityKeys,
      peer.native ? 1 : 0,
      peer.seenAt,
    );
  }

  #makeRoom(): void {
    const { count } = this.#database.get<{ count: number }>('SELECT count(*) AS count FROM peers')!;
    if (count <= MAX_PEERS) return;
    this.#database.run(
      'DELETE FROM peers WHERE address IN (SELECT address FROM peers ORDER BY seen_at LIMIT ?)',
      count - MAX_PEERS,
    );
  }
}

function checked<P extends KnownPeer>(peer: P): P {
  idOctets(peer.nodeKey, 'node key');
  if (peer.address.length > MAX_ADDRESS) {
    throw failure('E_ADDRESS_INVALID', `an address has at most ${MAX_ADDRESS} characters`);
  }
  return peer;
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
