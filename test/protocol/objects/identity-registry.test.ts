import { describe, expect, test } from 'vitest';
import { keyPairFromSeed, type SigningKey } from '../../../src/protocol/crypto/ed25519.ts';
import { createIdentityRegistry, MAX_CHAIN_KEYS } from '../../../src/protocol/objects/identity-registry.ts';
import { signKeyRevocation, verifyKeyRevocation } from '../../../src/protocol/objects/key-revocation.ts';
import { signKeyRotation, verifyKeyRotation } from '../../../src/protocol/objects/key-rotation.ts';

const keys = Array.from({ length: 18 }, (_, i) => keyPairFromSeed(new Uint8Array(32).fill(i + 1)));
const at = (i: number): SigningKey => keys[i]!;

function rotation(from: number, to: number, rotationSeq = 1n) {
  return signKeyRotation(at(from), at(to), { subjectKind: 'node', rotationSeq, issuedAt: 100n });
}

function revocation(key: number, issuedAt = 100n) {
  return signKeyRevocation(at(key), { subjectKind: 'sharepublisher', reason: 'compromised', issuedAt });
}

describe('the identity registry', () => {
  test('follows up to sixteen keys', () => {
    const registry = createIdentityRegistry();
    for (let i = 0; i < MAX_CHAIN_KEYS; i++) registry.addRotation(rotation(i, i + 1));
    expect(registry.resolve(at(1).publicKey)).toEqual({ kind: 'active', key: at(16).publicKey });
    expect(registry.resolve(at(0).publicKey)).toEqual({ kind: 'too-deep' });
  });

  test('a revoked key voids those that lead to it, not those it led to', () => {
    const registry = createIdentityRegistry();
    registry.addRotation(rotation(0, 1));
    registry.addRotation(rotation(1, 2));
    registry.addRevocation(revocation(1));
    expect([0, 1, 2].map((i) => registry.isTrusted(at(i).publicKey))).toEqual([false, false, true]);
  });

  test('a ring is nobody', () => {
    const registry = createIdentityRegistry();
    registry.addRotation(rotation(0, 1));
    registry.addRotation(rotation(1, 0));
    expect(registry.resolve(at(0).publicKey)).toEqual({ kind: 'too-deep' });
  });

  test('the newest rotation and the earliest revocation stand', () => {
    const registry = createIdentityRegistry();
    expect(registry.addRotation(rotation(0, 1, 5n))).toBe(true);
    expect(registry.addRotation(rotation(0, 2, 5n))).toBe(false);
    expect(registry.addRotation(rotation(0, 2, 6n))).toBe(true);
    expect(registry.rotationOf(at(0).publicKey)?.newPubkey).toEqual(at(2).publicKey);
    expect(registry.addRevocation(revocation(3, 50n))).toBe(true);
    expect(registry.addRevocation(revocation(3, 60n))).toBe(false);
    expect(registry.addRevocation(revocation(3, 40n))).toBe(true);
    expect(registry.revocationOf(at(3).publicKey)?.issuedAt).toBe(40n);
  });

  test('never holds more than its capacity', () => {
    const registry = createIdentityRegistry(2);
    for (let i = 0; i < 4; i++) registry.addRevocation(revocation(i));
    const held = keys.filter((key) => registry.revocationOf(key.publicKey) !== undefined);
    expect(held).toEqual([at(2), at(3)]);
  });
});

describe('rotations and revocations', () => {
  test('are refused when issued more than 300 s ahead', () => {
    expect(verifyKeyRevocation(revocation(0, 1300n), 1000n)).toEqual({ ok: true });
    expect(verifyKeyRevocation(revocation(0, 1301n), 1000n)).toEqual({ ok: false, reason: 'issued-ahead' });
    expect(verifyKeyRotation(rotation(0, 1), 0n)).toEqual({ ok: true });
  });

  test('need both keys, and two different ones', () => {
    const good = rotation(0, 1);
    const swapped = { ...good, oldKeySignature: good.newKeySignature };
    expect(verifyKeyRotation(swapped, 100n)).toMatchObject({ reason: 'old-key-signature' });
    const unproven = { ...good, newKeySignature: good.oldKeySignature };
    expect(verifyKeyRotation(unproven, 100n)).toMatchObject({ reason: 'new-key-signature' });
    expect(verifyKeyRotation(rotation(0, 0), 100n)).toMatchObject({ reason: 'same-key' });
  });
});
