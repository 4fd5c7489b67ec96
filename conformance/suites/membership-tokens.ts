import { keyPairFromSeed } from '../../src/protocol/crypto/ed25519.ts';
import {
  decodeMembershipToken,
  encodeMembershipToken,
  type MembershipToken,
  membershipTokenSigningInput,
  signMembershipToken,
  verifyMembershipToken,
} from '../../src/protocol/objects/membership-token.ts';
import { asBigInt, asList, asObject, asOctets, asText, type JsonObject, toHex } from '../json.ts';
import { expectedOutcome, outcome } from '../outcome.ts';
import type { Report, Suite } from '../suite.ts';

export const membershipTokens: Suite = {
  name: 'membership tokens',
  sections: ['generated.membership_tokens', 'generated.membership_token'],
  run(section, value, report) {
    if (section === 'generated.membership_token') {
      const entry = asObject(value, section);
      check({ ...entry, ...asObject(entry.inputs, 'inputs') }, report);
      return;
    }
    asList(value, section).forEach((entry, i) => {
      report.attempt(`token ${i}`, () => check(asObject(entry, section), report));
    });
  },
};

function check(entry: JsonObject, report: Report): void {
  const key = keyPairFromSeed(asOctets(entry.community_seed_hex, 'community_seed_hex'));
  const octets = asText(entry.token_cbor_hex, 'token_cbor_hex');
  const token = decodeMembershipToken(asOctets(octets, 'token_cbor_hex'));
  const made = signMembershipToken(key, {
    memberNodePubkey: asOctets(entry.member_node_pubkey_hex, 'member_node_pubkey_hex'),
    issuedAt: asBigInt(entry.issued_at, 'issued_at'),
    expiresAt: asBigInt(entry.expires_at, 'expires_at'),
  });
  report.equal('made', octets, toHex(encodeMembershipToken(made)));
  report.equal('encoded again', octets, toHex(encodeMembershipToken(token)));
  report.equal('signature', asText(entry.signature_hex, 'signature_hex'), toHex(token.signature));
  if (Object.hasOwn(entry, 'signable_hex')) {
    const input = asText(entry.signable_hex, 'signable_hex');
    report.equal('signing input', input, toHex(membershipTokenSigningInput(token)));
  }
  report.equal('verify', 'ok', outcome(verifyMembershipToken(token, key.publicKey, token.expiresAt)));
  if (!Object.hasOwn(entry, 'verify')) return;
  for (const [name, result] of Object.entries(asObject(entry.verify, 'verify'))) {
    const attempt = Object.hasOwn(ATTEMPTS, name) ? ATTEMPTS[name] : undefined;
    if (attempt === undefined) report.skip(`verify ${name}`);
    else report.equal(name, expectedOutcome(result, name), outcome(attempt(token, key.publicKey)));
  }
}

/** What the names of the verifications mean. */
const ATTEMPTS: Readonly<
  Record<string, (token: MembershipToken, community: Uint8Array) => ReturnType<typeof verifyMembershipToken>>
> = {
  before_issue: (token, community) => verifyMembershipToken(token, community, token.issuedAt - 1n),
  at_expiry: (token, community) => verifyMembershipToken(token, community, token.expiresAt),
  after_expiry: (token, community) => verifyMembershipToken(token, community, token.expiresAt + 1n),
  no_clock: (token, community) => verifyMembershipToken(token, community, null),
  other_community: (token) => verifyMembershipToken(token, token.memberNodePubkey, null),
  other_member: (token, community) =>
    verifyMembershipToken({ ...token, memberNodePubkey: community }, community, null),
};
