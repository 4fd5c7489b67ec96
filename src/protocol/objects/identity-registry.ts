import { toHex } from '../crypto/bytes.ts';
import type { KeyRevocation } from './key-revocation.ts';
import type { KeyRotation } from './key-rotation.ts';

/** Keys looked at when following rotations, the first one included. */
export const MAX_CHAIN_KEYS = 16;

/** What became of a key (SCP2P wire v2, section 9.10). */
export type Resolution =
  | { readonly kind: 'active'; readonly key: Uint8Array }
  | { readonly kind: 'revoked'; readonly key: Uint8Array; readonly record: KeyRevocation }
  /** A ring, or more keys than anybody follows. */
  | { readonly kind: 'too-deep' };

/** What is needed to follow a chain; reads only, so that storage may stand behind it. */
export interface IdentityRecords {
  rotationOf(key: Uint8Array): KeyRotation | undefined;
  revocationOf(key: Uint8Array): KeyRevocation | undefined;
}

/**
 * Follows the rotations from `start`. A revoked key voids every key that leads to it, not those it led to; the kind of
 * subject is not looked at, as in the network. A ring ends as a chain that is too long does.
 */
export function resolveIdentity(records: IdentityRecords, start: Uint8Array): Resolution {
  let key = start;
  for (let looked = 0; looked < MAX_CHAIN_KEYS; looked++) {
    const record = records.revocationOf(key);
    if (record !== undefined) return { kind: 'revoked', key, record };
    const rotation = records.rotationOf(key);
    if (rotation === undefined) return { kind: 'active', key };
    key = rotation.newPubkey;
  }
  return { kind: 'too-deep' };
}

/** Whether a rotation replaces the one known of the same old key: strictly newer only. */
export function replacesRotation(known: KeyRotation | undefined, next: KeyRotation): boolean {
  return known === undefined || next.rotationSeq > known.rotationSeq;
}

/** Whether a revocation replaces the one known of the same key: the earliest stands. */
export function replacesRevocation(known: KeyRevocation | undefined, next: KeyRevocation): boolean {
  return known === undefined || next.issuedAt < known.issuedAt;
}

/** Records in memory. Takes verified records only. */
export interface IdentityRegistry extends IdentityRecords {
  /** True when the record changed what is known. */
  addRotation(record: KeyRotation): boolean;
  addRevocation(record: KeyRevocation): boolean;
  resolve(key: Uint8Array): Resolution;
  /** Whether the key leads to one that is still in use. */
  isTrusted(key: Uint8Array): boolean;
}

/**
 * A registry of at most `capacity` rotations and as many revocations. Anybody can make keys and void them, so the
 * oldest records go; those that matter to us are kept by the store, which hands them in again.
 */
export function createIdentityRegistry(capacity = 65_536): IdentityRegistry {
  const rotations = new Map<string, KeyRotation>();
  const revocations = new Map<string, KeyRevocation>();

  function put<T>(table: Map<string, T>, name: string, record: T): void {
    if (!table.has(name) && table.size >= capacity) table.delete(table.keys().next().value!);
    table.set(name, record);
  }

  const registry: IdentityRegistry = {
    rotationOf: (key) => rotations.get(toHex(key)),
    revocationOf: (key) => revocations.get(toHex(key)),
    addRotation(record) {
      const name = toHex(record.oldPubkey);
      if (!replacesRotation(rotations.get(name), record)) return false;
      put(rotations, name, record);
      return true;
    },
    addRevocation(record) {
      const name = toHex(record.pubkey);
      if (!replacesRevocation(revocations.get(name), record)) return false;
      put(revocations, name, record);
      return true;
    },
    resolve: (key) => resolveIdentity(registry, key),
    isTrusted: (key) => registry.resolve(key).kind === 'active',
  };
  return registry;
}
