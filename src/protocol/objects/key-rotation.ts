import { type Codec, field, id32, textStruct, u64, variantOf } from '../cbor/codec.ts';
import { Writer } from '../cbor/writer.ts';
import { bytesEqual } from '../crypto/bytes.ts';
import { type SigningKey, sign, verifyStrict } from '../crypto/ed25519.ts';
import { signatureBytes } from './signature-field.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

/** What a key is for. The network's registry does not tell the two apart. */
export type SubjectKind = 'node' | 'sharepublisher';
export const subjectKind: Codec<SubjectKind> = variantOf('node', 'sharepublisher');

/** How far in the future a rotation or revocation may have been issued, in seconds; the bound itself passes. */
export const MAX_ISSUE_AHEAD = 300n;

/** One key hands over to another; both sign (SCP2P wire v2, section 9.8). */
export interface KeyRotation {
  readonly subjectKind: SubjectKind;
  readonly oldPubkey: Uint8Array;
  readonly newPubkey: Uint8Array;
  readonly rotationSeq: bigint;
  readonly issuedAt: bigint;
  readonly oldKeySignature: Uint8Array;
  readonly newKeySignature: Uint8Array;
}

export const keyRotation = textStruct<KeyRotation>({
  subjectKind: field('subject_kind', subjectKind),
  oldPubkey: field('old_pubkey', id32),
  newPubkey: field('new_pubkey', id32),
  rotationSeq: field('rotation_seq', u64),
  issuedAt: field('issued_at', u64),
  oldKeySignature: field('old_key_signature', signatureBytes),
  newKeySignature: field('new_key_signature', signatureBytes),
});

type UnsignedRotation = Omit<KeyRotation, 'oldKeySignature' | 'newKeySignature'>;

export function keyRotationSigningInput(record: UnsignedRotation): Uint8Array {
  const w = new Writer(192);
  w.array(5).text(record.subjectKind).byteArray(record.oldPubkey).byteArray(record.newPubkey);
  return w.uint(record.rotationSeq).uint(record.issuedAt).finish();
}

export function signKeyRotation(
  oldKey: SigningKey,
  newKey: SigningKey,
  fields: Pick<KeyRotation, 'subjectKind' | 'rotationSeq' | 'issuedAt'>,
): KeyRotation {
  const { subjectKind, rotationSeq, issuedAt } = fields;
  const unsigned: UnsignedRotation = {
    subjectKind,
    oldPubkey: oldKey.publicKey,
    newPubkey: newKey.publicKey,
    rotationSeq,
    issuedAt,
  };
  const input = keyRotationSigningInput(unsigned);
  return {
    ...unsigned,
    oldKeySignature: sign(oldKey.privateKey, input),
    newKeySignature: sign(newKey.privateKey, input),
  };
}

/** The old key allows it, the new key shows that it is held by somebody. Neither age nor sequence counts here. */
export function verifyKeyRotation(
  record: KeyRotation,
  now: bigint,
): Verdict<'same-key' | 'old-key-signature' | 'new-key-signature' | 'issued-ahead'> {
  if (bytesEqual(record.oldPubkey, record.newPubkey)) return invalid('same-key');
  if (record.issuedAt > now + MAX_ISSUE_AHEAD) return invalid('issued-ahead');
  const input = keyRotationSigningInput(record);
  if (!verifyStrict(record.oldPubkey, input, record.oldKeySignature)) return invalid('old-key-signature');
  if (!verifyStrict(record.newPubkey, input, record.newKeySignature)) return invalid('new-key-signature');
  return VALID;
}
