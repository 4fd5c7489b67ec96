import { type Codec, field, id32, textStruct, u64, variantOf } from '../cbor/codec.ts';
import { Writer } from '../cbor/writer.ts';
import { type SigningKey, sign, verifyStrict } from '../crypto/ed25519.ts';
import { MAX_ISSUE_AHEAD, type SubjectKind, subjectKind } from './key-rotation.ts';
import { signatureBytes } from './signature-field.ts';
import { invalid, VALID, type Verdict } from './verdict.ts';

export type RevocationReason = 'unspecified' | 'compromised' | 'superseded' | 'retired';
const revocationReason: Codec<RevocationReason> = variantOf(
  'unspecified',
  'compromised',
  'superseded',
  'retired',
);

/** A key declares itself void, for ever (SCP2P wire v2, section 9.9). */
export interface KeyRevocation {
  readonly subjectKind: SubjectKind;
  readonly pubkey: Uint8Array;
  readonly reason: RevocationReason;
  readonly issuedAt: bigint;
  readonly signature: Uint8Array;
}

export const keyRevocation = textStruct<KeyRevocation>({
  subjectKind: field('subject_kind', subjectKind),
  pubkey: field('pubkey', id32),
  reason: field('reason', revocationReason),
  issuedAt: field('issued_at', u64),
  signature: field('signature', signatureBytes),
});

export function keyRevocationSigningInput(record: Omit<KeyRevocation, 'signature'>): Uint8Array {
  const w = new Writer(128);
  w.array(4).text(record.subjectKind).byteArray(record.pubkey);
  return w.text(record.reason).uint(record.issuedAt).finish();
}

export function signKeyRevocation(
  key: SigningKey,
  fields: Pick<KeyRevocation, 'subjectKind' | 'reason' | 'issuedAt'>,
): KeyRevocation {
  const { subjectKind, reason, issuedAt } = fields;
  const unsigned = { subjectKind, pubkey: key.publicKey, reason, issuedAt };
  return { ...unsigned, signature: sign(key.privateKey, keyRevocationSigningInput(unsigned)) };
}

export function verifyKeyRevocation(
  record: KeyRevocation,
  now: bigint,
): Verdict<'issued-ahead' | 'signature'> {
  if (record.issuedAt > now + MAX_ISSUE_AHEAD) return invalid('issued-ahead');
  const valid = verifyStrict(record.pubkey, keyRevocationSigningInput(record), record.signature);
  return valid ? VALID : invalid('signature');
}
