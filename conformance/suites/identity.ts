import { encodeWith } from '../../src/protocol/cbor/codec.ts';
import { Reader } from '../../src/protocol/cbor/reader.ts';
import { keyPairFromSeed } from '../../src/protocol/crypto/ed25519.ts';
import { revocationKey, rotationKey } from '../../src/protocol/objects/dht-keys.ts';
import { encodeTagged } from '../../src/protocol/objects/dht-value.ts';
import {
  type KeyRevocation,
  keyRevocation,
  keyRevocationSigningInput,
  signKeyRevocation,
  verifyKeyRevocation,
} from '../../src/protocol/objects/key-revocation.ts';
import {
  type KeyRotation,
  keyRotation,
  keyRotationSigningInput,
  type SubjectKind,
  signKeyRotation,
  verifyKeyRotation,
} from '../../src/protocol/objects/key-rotation.ts';
import type { Verdict } from '../../src/protocol/objects/verdict.ts';
import { asBigInt, asList, asObject, asOctets, asText, type JsonObject, toHex } from '../json.ts';
import { expectedOutcome, outcome } from '../outcome.ts';
import type { Report, Suite } from '../suite.ts';

/** Records by which keys hand over and resign, with everything that spoils them. */
export const identityRecords: Suite = {
  name: 'identity records',
  sections: ['generated.key_rotations', 'generated.key_revocations'],
  run(section, value, report) {
    const check = section === 'generated.key_rotations' ? checkRotation : checkRevocation;
    asList(value, section).forEach((entry, i) => {
      report.attempt(`${section} ${i}`, () => check(asObject(entry, section), report));
    });
  },
};

function checkRotation(entry: JsonObject, report: Report): void {
  const octets = asText(entry.record_cbor_hex, 'record_cbor_hex');
  const record = keyRotation.read(new Reader(asOctets(octets, 'record_cbor_hex')));
  const made = signKeyRotation(
    keyPairFromSeed(asOctets(entry.old_seed_hex, 'old_seed_hex')),
    keyPairFromSeed(asOctets(entry.new_seed_hex, 'new_seed_hex')),
    {
      subjectKind: asText(entry.subject_kind, 'subject_kind') as SubjectKind,
      rotationSeq: asBigInt(entry.rotation_seq, 'rotation_seq'),
      issuedAt: asBigInt(entry.issued_at, 'issued_at'),
    },
  );
  report.equal('made', octets, toHex(encodeWith(keyRotation, made)));
  report.equal('encoded again', octets, toHex(encodeWith(keyRotation, record)));
  const { old_key_signature_hex: oldSignature, new_key_signature_hex: newSignature } = entry;
  report.equal('old key', asText(oldSignature, 'old_key_signature_hex'), toHex(record.oldKeySignature));
  report.equal('new key', asText(newSignature, 'new_key_signature_hex'), toHex(record.newKeySignature));
  const input = asText(entry.signable_hex, 'signable_hex');
  report.equal('signing input', input, toHex(keyRotationSigningInput(record)));
  const tagged = asText(entry.tagged_hex, 'tagged_hex');
  report.equal('tagged', tagged, toHex(encodeTagged('key-rotation', record)));
  const key = asText(entry.dht_key_hex, 'dht_key_hex');
  report.equal('dht key', key, toHex(rotationKey(record.oldPubkey)));
  const verify = (each: KeyRotation, now = each.issuedAt) => verifyKeyRotation(each, now);
  checkVerdicts(entry, record, ALTERED_ROTATIONS, verify, report);
}

function checkRevocation(entry: JsonObject, report: Report): void {
  const octets = asText(entry.record_cbor_hex, 'record_cbor_hex');
  const record = keyRevocation.read(new Reader(asOctets(octets, 'record_cbor_hex')));
  const made = signKeyRevocation(keyPairFromSeed(asOctets(entry.seed_hex, 'seed_hex')), {
    subjectKind: asText(entry.subject_kind, 'subject_kind') as SubjectKind,
    reason: asText(entry.reason, 'reason') as KeyRevocation['reason'],
    issuedAt: asBigInt(entry.issued_at, 'issued_at'),
  });
  report.equal('made', octets, toHex(encodeWith(keyRevocation, made)));
  report.equal('encoded again', octets, toHex(encodeWith(keyRevocation, record)));
  report.equal('signature', asText(entry.signature_hex, 'signature_hex'), toHex(record.signature));
  const input = asText(entry.signable_hex, 'signable_hex');
  report.equal('signing input', input, toHex(keyRevocationSigningInput(record)));
  const tagged = asText(entry.tagged_hex, 'tagged_hex');
  report.equal('tagged', tagged, toHex(encodeTagged('key-revocation', record)));
  const key = asText(entry.dht_key_hex, 'dht_key_hex');
  report.equal('dht key', key, toHex(revocationKey(record.pubkey)));
  const verify = (each: KeyRevocation, now = each.issuedAt) => verifyKeyRevocation(each, now);
  checkVerdicts(entry, record, ALTERED_REVOCATIONS, verify, report);
}

function checkVerdicts<T>(
  entry: JsonObject,
  record: T,
  changes: Readonly<Record<string, (record: T) => T>>,
  verify: (record: T, now?: bigint) => Verdict,
  report: Report,
): void {
  report.equal('verify', expectedOutcome(entry.verify, 'verify'), outcome(verify(record)));
  for (const check of asList(entry.verify_at, 'verify_at').map((each) => asObject(each, 'verify_at'))) {
    const expected = expectedOutcome(check.result, 'result');
    report.equal(`verify at ${check.now}`, expected, outcome(verify(record, asBigInt(check.now, 'now'))));
  }
  for (const altered of asList(entry.altered, 'altered').map((each) => asObject(each, 'altered'))) {
    const name = asText(altered.change, 'change');
    const change = Object.hasOwn(changes, name) ? changes[name] : undefined;
    if (change === undefined) report.skip(`altered: ${name}`);
    else report.equal(name, expectedOutcome(altered.verify, 'verify'), outcome(verify(change(record))));
  }
}

function flip(signature: Uint8Array): Uint8Array {
  const flipped = Uint8Array.from(signature);
  flipped[0] = flipped[0]! ^ 1;
  return flipped;
}

function otherKind(kind: SubjectKind): SubjectKind {
  return kind === 'node' ? 'sharepublisher' : 'node';
}

const ALTERED_ROTATIONS: Readonly<Record<string, (record: KeyRotation) => KeyRotation>> = {
  'old_key_signature[0] ^= 1': (r) => ({ ...r, oldKeySignature: flip(r.oldKeySignature) }),
  'new_key_signature[0] ^= 1': (r) => ({ ...r, newKeySignature: flip(r.newKeySignature) }),
  'rotation_seq + 1': (r) => ({ ...r, rotationSeq: BigInt.asUintN(64, r.rotationSeq + 1n) }),
  'issued_at + 1': (r) => ({ ...r, issuedAt: r.issuedAt + 1n }),
  'other subject_kind': (r) => ({ ...r, subjectKind: otherKind(r.subjectKind) }),
  'signatures swapped': (r) => ({
    ...r,
    oldKeySignature: r.newKeySignature,
    newKeySignature: r.oldKeySignature,
  }),
  'old_key_signature of 63 octets': (r) => ({ ...r, oldKeySignature: r.oldKeySignature.slice(0, 63) }),
  'new_key_signature of 63 octets': (r) => ({ ...r, newKeySignature: r.newKeySignature.slice(0, 63) }),
  'new_pubkey = old_pubkey': (r) => ({ ...r, newPubkey: r.oldPubkey }),
};

const ALTERED_REVOCATIONS: Readonly<Record<string, (record: KeyRevocation) => KeyRevocation>> = {
  'signature[0] ^= 1': (r) => ({ ...r, signature: flip(r.signature) }),
  'other reason': (r) => ({ ...r, reason: r.reason === 'retired' ? 'superseded' : 'retired' }),
  'issued_at + 1': (r) => ({ ...r, issuedAt: r.issuedAt + 1n }),
  'other subject_kind': (r) => ({ ...r, subjectKind: otherKind(r.subjectKind) }),
  'signature of 63 octets': (r) => ({ ...r, signature: r.signature.slice(0, 63) }),
};
